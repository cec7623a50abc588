/// One line of `ai_usage_log`: one request sent to one provider, or a correction of one.
package struct LedgerRow: Sendable, Equatable {
    package var attempt: AttemptID
    package var request: RequestID
    /// Dense from 1 within a request.
    package var attemptNumber: Int
    package var kind: Kind
    package var state: State
    package var tenant: TenantID
    package var user: UserID
    package var feature: FeatureSlug
    package var key: KeyID
    package var provider: ProviderName
    /// The model that the caller named, and the provider's own name for what was called.
    package var model: ModelName
    package var upstreamModel: ModelName
    package var date: BillingDate
    package var held: Money
    /// The price book's version that the attempt was pinned to.
    package var priceVersion: String
    package var createdAt: Timestamp
    package var promptDigest: [UInt8]
    package var outcome: Outcome?
    /// The attempt that an adjustment corrects.
    package var adjusts: AttemptID?

    package enum Kind: String, Sendable, CaseIterable { case call, replay, cache, adjustment }

    /// Held and durable; then sent; then one of two ends. A terminal row never changes.
    package enum State: String, Sendable, CaseIterable {
        /// Left by settlement, by proof that nothing was sent, or by recovery at W.
        case intent
        case settled
        case void
    }

    package enum Basis: String, Sendable, CaseIterable {
        case reported, estimated
        case worstCase = "worst_case"
        /// Nothing to charge: rejected by the provider, replayed, or cached.
        case none
    }

    /// How the attempt ended.
    package struct Outcome: Sendable, Equatable {
        package var status: Status
        package var cost: Money
        package var basis: Basis
        package var usage: TokenUsage
        package var isInDoubt: Bool
        package var isUsageSuspect: Bool
        package var settledAt: Timestamp
        /// SHA-256 of the answer's text; empty where there is none.
        package var answerDigest: [UInt8]

        package init(
            status: Status, cost: Money, basis: Basis, usage: TokenUsage, isInDoubt: Bool = false,
            isUsageSuspect: Bool = false, settledAt: Timestamp, answerDigest: [UInt8] = []
        ) {
            self.status = status
            self.cost = cost
            self.basis = basis
            self.usage = usage
            self.isInDoubt = isInDoubt
            self.isUsageSuspect = isUsageSuspect
            self.settledAt = settledAt
            self.answerDigest = answerDigest
        }
    }

    package enum Status: String, Sendable, CaseIterable {
        case ok
        /// 4xx of the provider: nothing was generated.
        case providerRejected = "provider_rejected"
        /// 500, 503, 529 of the provider: not billed.
        case providerFailed = "provider_failed"
        /// A 2xx that is no answer.
        case badReply = "bad_reply"
        /// A stream that broke off, or that was given up after its client had left.
        case streamCut = "stream_cut"
        /// Sent, and no whole reply came back.
        case lost
        /// A crash left it open.
        case crashed
        /// Proved not to have been sent.
        case notSent = "not_sent"
        case adjusted
    }

    package init(
        attempt: AttemptID, request: RequestID, attemptNumber: Int, kind: Kind = .call,
        state: State = .intent, tenant: TenantID, user: UserID, feature: FeatureSlug, key: KeyID,
        provider: ProviderName, model: ModelName, upstreamModel: ModelName, date: BillingDate,
        held: Money, priceVersion: String, createdAt: Timestamp, promptDigest: [UInt8],
        outcome: Outcome? = nil, adjusts: AttemptID? = nil
    ) {
        self.attempt = attempt
        self.request = request
        self.attemptNumber = attemptNumber
        self.kind = kind
        self.state = state
        self.tenant = tenant
        self.user = user
        self.feature = feature
        self.key = key
        self.provider = provider
        self.model = model
        self.upstreamModel = upstreamModel
        self.date = date
        self.held = held
        self.priceVersion = priceVersion
        self.createdAt = createdAt
        self.promptDigest = promptDigest
        self.outcome = outcome
        self.adjusts = adjusts
    }
}
