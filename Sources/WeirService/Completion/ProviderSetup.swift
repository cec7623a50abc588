package import WeirCore

/// A configured provider, ready to be called.
package struct ProviderSetup: Sendable {
    package let name: ProviderName
    /// Whose prices it charges, as the price book names it.
    package let pricesAs: String
    package let dialect: any ProviderDialect
    package let key: String
    /// From sending to the last byte of the reply.
    package let timeout: Duration
    /// Whether it bills for its own 500, 503 and 529.
    package let billsErrors: Bool

    package init(
        name: ProviderName, pricesAs: String, dialect: any ProviderDialect, key: String,
        timeout: Duration = .seconds(60), billsErrors: Bool = false
    ) {
        self.name = name
        self.pricesAs = pricesAs
        self.dialect = dialect
        self.key = key
        self.timeout = timeout
        self.billsErrors = billsErrors
    }
}
