import WeirCore

/// One attempt that has its money held and its INTENT durable: it may be sent.
struct Attempt: Sendable {
    let row: LedgerRow
    let route: Route
    let provider: ProviderSetup
    let prepared: Preparation
    let claim: IdempotencyClaim?
    let pass: RoutePass

    var worst: WorstCase { prepared.worst }
}

/// A request as one provider is to get it, and what it can cost there.
struct Preparation: Sendable {
    let request: EncodedRequest
    let form: Form
    let worst: WorstCase

    /// How the reply is to be read.
    enum Form: Sendable, Equatable {
        /// The client's own body went to a provider of its wire, whose reply goes back as it is.
        case passed(Wire)
        case translated
        /// Nil where it was translated.
        case embeddings(EmbeddingWire?)
        case tokenCount(isPassed: Bool)
    }
}

/// How a sent attempt ended: for the ledger, for the caller, and for the routes.
struct AttemptEnd: Sendable {
    let charge: Charge.End
    let answer: Result<Answer, WeirError>
    let ending: AttemptEnding
}

/// A whole answer, read.
enum Answer: Sendable {
    /// The body as it came where it may be passed through.
    case chat(ChatReply, passed: [UInt8]?)
    case embeddings(EmbeddingReply, passed: [UInt8]?)
    case tokenCount(Int64, passed: [UInt8]?)
}

extension ChatReply {
    /// What it shows of its use: everything that was generated and can be seen, in bytes, and
    /// whether the model has thought.
    var evidence: Charge.Evidence {
        let thoughts = thinking.reduce(0) { $0 + $1.text.utf8.count }
        let bytes = toolCalls.reduce(text.utf8.count + thoughts) {
            $0 + $1.name.utf8.count + $1.arguments.encoded.count
        }
        let hasProofs = toolCalls.contains { $0.signature != nil }
        return Charge.Evidence(
            usage, bytes: bytes, calls: toolCalls.count,
            hasThoughts: !thinking.isEmpty || hasProofs)
    }
}
