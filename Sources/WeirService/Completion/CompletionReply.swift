package import WeirCore

/// What a call is answered: a whole body, or a stream that is yet to be delivered.
package enum CompletionOutcome: Sendable {
    case whole(CompletionReply)
    case stream(LiveStream)
}

/// A whole answer: the body as it is sent and kept for replays, and the facts that go into headers.
package struct CompletionReply: Sendable, Equatable {
    package let status: Int
    package let body: [UInt8]
    /// `application/json`, or that of a stream that is given again.
    package let contentType: String
    /// Where it comes from, if not from a provider.
    package let origin: Origin
    /// Nil where no provider was asked: the first answer told them.
    package let facts: Facts?
    /// How the tenant stands against its rate limit; nil where none is in force.
    package let rate: CallStanding?
    /// Of an error that is given again; nil for an answer.
    package let code: WeirError.Code?

    package enum Origin: Sendable, Equatable {
        case provider
        /// An earlier answer to the same idempotency key, given again at no cost.
        case replay
        /// The answer to an equal request, given at no cost.
        case cache
    }

    /// Who answered, and for how much.
    package struct Facts: Sendable, Equatable {
        /// Nil as long as a stream runs.
        package let cost: Money?
        package let attempts: Int
        package let provider: ProviderName
        package let model: ModelName

        package init(cost: Money?, attempts: Int, provider: ProviderName, model: ModelName) {
            self.cost = cost
            self.attempts = attempts
            self.provider = provider
            self.model = model
        }
    }

    package static let json = "application/json"

    package init(
        status: Int, body: [UInt8], contentType: String = CompletionReply.json,
        origin: Origin = .provider, facts: Facts? = nil, rate: CallStanding? = nil,
        code: WeirError.Code? = nil
    ) {
        self.status = status
        self.body = body
        self.contentType = contentType
        self.origin = origin
        self.facts = facts
        self.rate = rate
        self.code = code
    }

    package var isReplay: Bool { origin == .replay }
}
