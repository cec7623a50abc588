package import WeirCore

/// Calls of one tenant, to one model of one provider, that go to its batch interface together:
/// from before they are sent until every call is settled and its job told.
///
/// `held → submitting → submitted`. What a restart finds `held` was proved not to be sent;
/// `submitting` has to be looked for at the provider; `submitted` is asked after by its id.
package struct OpenBatch: Sendable, Equatable {
    package let id: BatchID
    package let tenant: TenantID
    package let provider: ProviderName
    /// What its calls cost, as they were held.
    package let price: ModelPrice
    package internal(set) var state: State
    /// When it came into this state.
    package internal(set) var changedAt: Timestamp
    package let calls: [Call]

    package enum State: Sendable, Equatable {
        /// INTENTs are durable, and nothing that costs was sent.
        case held
        /// Its creation is being sent, or was, and nobody has heard what came of it.
        case submitting
        /// The provider has it, under this id.
        case submitted(Slug)
    }

    package struct Call: Sendable, Equatable {
        /// Its attempt: the intent, or the terminal row of a call that is settled.
        package let row: LedgerRow
        package let job: JobID
        /// The claim of the job that it answers.
        package let epoch: Int64
        /// Which of the job's calls it is.
        package let number: Int
        /// The most tokens that it reads and generates; what `row.held` is held for.
        package let input: Int64
        package let output: Int64

        package init(
            row: LedgerRow, job: JobID, epoch: Int64, number: Int = 0, input: Int64,
            output: Int64
        ) {
            self.row = row
            self.job = job
            self.epoch = epoch
            self.number = number
            self.input = input
            self.output = output
        }

        var worst: WorstCase { WorstCase(kept: row.held, input: input, output: output) }
    }

    package init(
        id: BatchID, tenant: TenantID, provider: ProviderName, price: ModelPrice,
        state: State = .held, changedAt: Timestamp, calls: [Call]
    ) {
        self.id = id
        self.tenant = tenant
        self.provider = provider
        self.price = price
        self.state = state
        self.changedAt = changedAt
        self.calls = calls
    }

    /// What the provider calls one of its calls. No other batch has the same.
    func name(of call: Call) -> String { "\(id)-\(call.row.attempt.number)" }

    /// When its calls were held.
    var openedAt: Timestamp { calls.first?.row.createdAt ?? changedAt }
}

/// How calls are gathered into batches, and how those are asked after.
package struct BatchSettings: Sendable, Equatable {
    /// How often what waits is submitted.
    package var window = Duration.seconds(60)
    /// Calls in one batch; a job of several that begins below goes over it by no more than this.
    /// OpenAI takes 50,000 in a file of 200 MB, Anthropic 100,000 in 256 MB; no more than 32 MiB
    /// are gathered at once.
    package var calls = 1_000
    /// How often a batch is asked after.
    package var poll = Duration.seconds(60)
    /// How long a batch is looked for whose creation nobody has heard the end of; then it is
    /// charged at its worst case.
    package var search = Duration.seconds(900)
    /// How long a batch is waited for in all. Vendors end it within a day; what can't be read by
    /// this time is charged at its worst case.
    package var patience = Duration.seconds(48 * 3_600)

    package init() {}
}

extension QueueName {
    /// Where jobs wait that go through a provider's batch interface.
    package static let batchQueue: QueueName = .named("batch")
}
