package import WeirCore
package import WeirService

/// Everything that the routes call: WeirHTTP decides nothing by itself.
package struct UseCases: Sendable {
    /// A new id for each request: `TimeOrderedText.requestID`.
    package let newRequest: @Sendable () -> RequestID
    package let authenticator: Authenticator
    /// The completion pipeline's `complete`.
    package let complete: @Sendable (CompletionCall) async throws(WeirError) -> CompletionOutcome
    /// The forms in which clients may ask.
    package let doors: Doors
    /// Every provider's breaker and traffic.
    package let traffic: @Sendable () -> [ProviderSnapshot]
    package let usage: UsageQueries
    package let tenants: TenantAdministration
    package let keys: KeyAdministration
    package let killSwitches: KillSwitchAdministration
    package let prices: PriceAdministration
    package let adjustments: Adjustments
    package let audit: AuditQueries
    package let health: any HealthSource
    /// Of the gateways before this instance; nil where it knows none.
    package let identities: IdentityGate?

    package init(
        newRequest: @escaping @Sendable () -> RequestID, authenticator: Authenticator,
        complete:
            @escaping @Sendable (CompletionCall) async throws(WeirError) -> CompletionOutcome,
        doors: Doors, traffic: @escaping @Sendable () -> [ProviderSnapshot],
        usage: UsageQueries, tenants: TenantAdministration, keys: KeyAdministration,
        killSwitches: KillSwitchAdministration, prices: PriceAdministration,
        adjustments: Adjustments, audit: AuditQueries, health: any HealthSource,
        identities: IdentityGate? = nil
    ) {
        self.newRequest = newRequest
        self.authenticator = authenticator
        self.complete = complete
        self.doors = doors
        self.traffic = traffic
        self.usage = usage
        self.tenants = tenants
        self.keys = keys
        self.killSwitches = killSwitches
        self.prices = prices
        self.adjustments = adjustments
        self.audit = audit
        self.health = health
        self.identities = identities
    }
}
