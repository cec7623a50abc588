package import WeirCore
package import WeirService

/// Everything that the routes call: WeirHTTP decides nothing by itself. A part that a process
/// doesn't have is nil, and so are its routes.
package struct UseCases: Sendable {
    /// A new id for each request: `TimeOrderedText.requestID`.
    package let newRequest: @Sendable () -> RequestID
    package let authenticator: Authenticator
    /// The forms in which clients may ask.
    package let doors: Doors
    package let administration: Administration
    package let health: any HealthSource
    /// The AI service itself.
    package var ai: AIUseCases?
    /// Of the gateways before this instance; nil where it knows none.
    package var identities: IdentityGate?
    /// Nil where nobody keeps jobs.
    package var jobs: JobDesk?
    /// Who hears what happens.
    package var events: EventFeed?
    /// What this process sends on to others; nil where it is no gateway.
    package var gateway: GatewayUseCases?
    /// Nil where there are no jobs.
    package var reports: ReportDesk?
    package var queues: JobFigures?
    /// Deliveries that have reached nobody.
    package var webhooks: WebhookDesk?

    package init(
        newRequest: @escaping @Sendable () -> RequestID, authenticator: Authenticator,
        doors: Doors, administration: Administration, health: any HealthSource,
        ai: AIUseCases?, identities: IdentityGate? = nil
    ) {
        self.newRequest = newRequest
        self.authenticator = authenticator
        self.doors = doors
        self.administration = administration
        self.health = health
        self.ai = ai
        self.identities = identities
    }
}

/// What a process keeps in its own store, and an administrator changes there.
package struct Administration: Sendable {
    package let tenants: TenantAdministration
    package let keys: KeyAdministration
    package let killSwitches: KillSwitchAdministration
    package let audit: AuditQueries
    /// Reads the configuration again; nil where there is none to read.
    package let reload: (@Sendable (Caller) async throws(WeirError) -> ReloadReport)?

    package init(
        tenants: TenantAdministration, keys: KeyAdministration,
        killSwitches: KillSwitchAdministration, audit: AuditQueries,
        reload: (@Sendable (Caller) async throws(WeirError) -> ReloadReport)? = nil
    ) {
        self.tenants = tenants
        self.keys = keys
        self.killSwitches = killSwitches
        self.audit = audit
        self.reload = reload
    }
}

/// The AI service: calls, what they have cost, and what they cost.
package struct AIUseCases: Sendable {
    /// The completion pipeline's `complete`.
    package let complete: @Sendable (CompletionCall) async throws(WeirError) -> CompletionOutcome
    /// Every provider's breaker and traffic.
    package let traffic: @Sendable () -> [ProviderSnapshot]
    package let usage: UsageQueries
    package let prices: PriceAdministration
    package let adjustments: Adjustments

    package init(
        complete:
            @escaping @Sendable (CompletionCall) async throws(WeirError) -> CompletionOutcome,
        traffic: @escaping @Sendable () -> [ProviderSnapshot], usage: UsageQueries,
        prices: PriceAdministration, adjustments: Adjustments
    ) {
        self.complete = complete
        self.traffic = traffic
        self.usage = usage
        self.prices = prices
        self.adjustments = adjustments
    }
}

/// A gateway: instances of the AI service and other services behind it, and the limits before it.
package struct GatewayUseCases: Sendable {
    package let gateway: Gateway
    /// Of calls to the AI service.
    package let admission: GatewayAdmission

    package init(gateway: Gateway, admission: GatewayAdmission) {
        self.gateway = gateway
        self.admission = admission
    }
}
