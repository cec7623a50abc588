package import WeirCore

/// Carries requests to providers. Two implementations: real HTTP, and a fake for tests.
package protocol ProviderTransport: Sendable {
    /// Sends one request once. Never retries after a byte of it has left; goes on after the
    /// caller's task was cancelled, since what is sent is billed.
    func send(_ call: UpstreamCall) async -> UpstreamOutcome

    /// A GET that costs nothing, to see whether a provider answers; true for any HTTP status that
    /// proves it alive (not 5xx).
    func probe(_ provider: ProviderName, path: String, headers: [HeaderField]) async -> Bool
}

/// One request to one provider, below its configured base URL.
package struct UpstreamCall: Sendable {
    package let provider: ProviderName
    package let path: String
    package let headers: [HeaderField]
    package let body: [UInt8]
    /// From now to the last byte of the reply.
    package let timeout: Duration

    package init(
        provider: ProviderName, path: String, headers: [HeaderField], body: [UInt8],
        timeout: Duration
    ) {
        self.provider = provider
        self.path = path
        self.headers = headers
        self.body = body
        self.timeout = timeout
    }
}

package enum UpstreamOutcome: Sendable, Equatable {
    /// A whole, well-framed HTTP reply.
    case reply(UpstreamReply)
    /// Proved: no byte of the request left this process (name, connection or TLS failed).
    case notSent(String)
    /// It was sent, at least in part, and no whole reply came: it may have been billed.
    case lost(Loss)

    package enum Loss: Sendable, Equatable {
        case timeout
        /// Closed or reset before the reply's end, a reply longer or shorter than it said.
        case broken(String)
        /// Not HTTP, or over a limit of size.
        case malformed(String)
    }
}

package struct UpstreamReply: Sendable, Equatable {
    package let status: Int
    /// `retry-after` in seconds, where the provider sent one that can be read; capped.
    package let retryAfter: Int?
    package let body: [UInt8]

    package init(status: Int, retryAfter: Int? = nil, body: [UInt8]) {
        self.status = status
        self.retryAfter = retryAfter
        self.body = body
    }
}
