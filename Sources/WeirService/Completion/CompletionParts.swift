package import Logging
package import WeirCore

/// What the pipeline is made of.
package struct CompletionParts: Sendable {
    package let directory: Directory
    package let catalogue: ModelCatalogue
    package let providers: [ProviderName: ProviderSetup]
    package let budget: BudgetGuard
    package let ledger: any LedgerStore
    package let transport: any ProviderTransport
    package let screening: Screening
    package let calendar: BillingCalendar
    package let time: any TimeSource
    package let attempts: AttemptNumbers
    /// How long an answer is kept for its idempotency key.
    package let idempotencySeconds: Int64
    /// Calls in flight; more are refused with `overloaded`.
    package let concurrentCalls: Int
    package let logger: Logger

    package init(
        directory: Directory, catalogue: ModelCatalogue, providers: [ProviderSetup],
        budget: BudgetGuard, ledger: any LedgerStore, transport: any ProviderTransport,
        screening: Screening, calendar: BillingCalendar, time: any TimeSource,
        attempts: AttemptNumbers, idempotencySeconds: Int64 = 86_400, concurrentCalls: Int = 1_024,
        logger: Logger = Logger(label: "weir.completion")
    ) {
        self.directory = directory
        self.catalogue = catalogue
        self.providers = Dictionary(providers.map { ($0.name, $0) }) { $1 }
        self.budget = budget
        self.ledger = ledger
        self.transport = transport
        self.screening = screening
        self.calendar = calendar
        self.time = time
        self.attempts = attempts
        self.idempotencySeconds = idempotencySeconds
        self.concurrentCalls = concurrentCalls
        self.logger = logger
    }
}
