package import Logging
package import WeirCore

/// What the pipeline is made of.
package struct CompletionParts: Sendable {
    package let directory: Directory
    package let catalogue: ModelCatalogue
    package let providers: [ProviderName: ProviderSetup]
    package let gate: ProviderGate
    /// Nil: everybody may call as often as they like.
    package var rates: RateGate?
    package let budget: BudgetGuard
    package let ledger: any LedgerStore
    /// Where switches of provider and breakers' changes are written down.
    package let events: any DirectoryStore
    let switches = SwitchPacing()
    package let transport: any ProviderTransport
    package let screening: Screening
    package let cache: ReplyCache
    package let calendar: BillingCalendar
    package let time: any TimeSource
    package let attempts: AttemptNumbers
    package var retries = RetryRules()
    package var streams = StreamLimits()
    /// How long an answer is kept for its idempotency key.
    package var idempotencySeconds: Int64 = 86_400
    /// Calls in flight; more have to wait.
    package var concurrentCalls = 1_024
    /// How calls wait where the process or a provider has as many as it may have.
    package var queue = Adjustable(QueueSettings())
    /// Uniform over all of UInt64.
    package var dice: @Sendable () -> UInt64 = { UInt64.random(in: .min ... .max) }
    package var logger = Logger(label: "weir.completion")

    package init(
        directory: Directory, catalogue: ModelCatalogue, providers: [ProviderSetup],
        gate: ProviderGate, budget: BudgetGuard, ledger: any LedgerStore,
        events: any DirectoryStore, transport: any ProviderTransport, screening: Screening,
        cache: ReplyCache = ReplyCache(), calendar: BillingCalendar, time: any TimeSource,
        attempts: AttemptNumbers
    ) {
        self.directory = directory
        self.catalogue = catalogue
        self.providers = Dictionary(providers.map { ($0.name, $0) }) { $1 }
        self.gate = gate
        self.budget = budget
        self.ledger = ledger
        self.events = events
        self.transport = transport
        self.screening = screening
        self.cache = cache
        self.calendar = calendar
        self.time = time
        self.attempts = attempts
    }
}
