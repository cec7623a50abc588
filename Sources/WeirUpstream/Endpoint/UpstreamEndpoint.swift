package import WeirCore

/// One provider as the operator configured it. Upstream hosts come from here and nowhere else.
package struct UpstreamEndpoint: Sendable {
    package let name: ProviderName
    package let baseURL: BaseURL
    /// Sent with every request to it, and never shown.
    package let credentials: [HeaderField]
    /// A PEM file of authorities, trusted instead of the system's; only for https.
    package let authoritiesFile: String?

    package init(
        name: ProviderName, baseURL: BaseURL, credentials: [HeaderField] = [],
        authoritiesFile: String? = nil
    ) {
        self.name = name
        self.baseURL = baseURL
        self.credentials = credentials
        self.authoritiesFile = authoritiesFile
    }
}

/// Why the transport can't be made from its configuration.
package struct UpstreamConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}
