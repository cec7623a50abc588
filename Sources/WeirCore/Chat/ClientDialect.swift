/// How the clients of one wire are spoken to: pure translation, the mirror of `ProviderDialect`.
package protocol ClientDialect: ClientReplyDialect {
    /// Reads a request's body. Throws `invalid_request` with the field at fault: what is malformed,
    /// what bills but has no price here, and what would reach the data of another tenant at the
    /// provider.
    ///
    /// - Parameters:
    ///   - model: the model where the path names it (Gemini); else nil.
    ///   - isStream: whether the path asks for a stream (Gemini); else nil, and the body says it.
    func decode(
        _ body: JSONObject, model: ModelName?, isStream: Bool?
    ) throws(WeirError) -> ClientRequest
}

/// How the clients of one wire are answered.
package protocol ClientReplyDialect: Sendable {
    var wire: Wire { get }

    /// A whole answer, as JSON. Its usage is what the ledger has.
    func encode(_ reply: ChatReply, _ context: ReplyContext) -> [UInt8]

    /// The writer of one streamed answer.
    func stream(_ context: ReplyContext, _ options: StreamOptions) -> any ClientStreamEncoder

    /// An error as the body of a 4xx or 5xx.
    func encode(_ error: WeirError, request: RequestID) -> [UInt8]

    /// An answer that it wrote for an earlier call, whole or streamed, as that of `request`, which
    /// it costs nothing.
    func reissue(_ body: [UInt8], contentType: String, to request: RequestID) -> [UInt8]
}

extension ClientReplyDialect {
    /// As it was: most wires tell neither Weir's request nor a cost.
    package func reissue(
        _ body: [UInt8], contentType: String, to request: RequestID
    ) -> [UInt8] { body }
}

/// Writes one streamed answer to a client. `encode` and `relay` never write what completes it.
package protocol ClientStreamEncoder: Sendable {
    /// `text/event-stream`, or what else the client asked for.
    var contentType: String { get }

    /// Translated events. `finish`, `usage`, `failed` and `ended` are for `complete` and `fail`.
    mutating func encode(_ events: [ChatEvent]) -> [UInt8]

    /// An event of this very wire, passed through in this client's framing.
    mutating func relay(_ step: StreamStep) -> [UInt8]

    /// What ends the answer, once the row is durable: the withheld steps where it was passed
    /// through, else the wire's own ending with finish reason and usage.
    mutating func complete(_ end: StreamEnd, withheld: [StreamStep]) -> [UInt8]

    /// An error in the wire's own form, never what completes an answer.
    mutating func fail(_ error: WeirError) -> [UInt8]
}

/// A client's request, read: what it says in no wire's words, and the body for a pass-through.
package struct ClientRequest: Sendable, Equatable {
    /// Its model is the caller's name for it; its cap is `maxTokens`, or the default.
    package var chat: ChatRequest
    /// The output cap that the client gave, if any.
    package var maxTokens: Int64?
    /// Nil: a whole answer is wanted.
    package var stream: StreamOptions?
    package var input: InputBound
    /// How many answers the client wants, each with the output cap of its own; 1 to 128.
    package var choices: Int64
    /// Names of fields that only a provider of the same wire can be sent. Hints without a bearing
    /// on the answer (`user`, `metadata`, cache hints) are not among them.
    package var uncarried: [String]
    package var body: JSONObject
    /// Whether `body` lacks what screening has added, so that it must not be passed through.
    package var isBodyStale = false

    package init(
        chat: ChatRequest, maxTokens: Int64?, stream: StreamOptions?, input: InputBound,
        choices: Int64 = 1, uncarried: [String] = [], body: JSONObject
    ) {
        self.chat = chat
        self.maxTokens = maxTokens
        self.stream = stream
        self.input = input
        self.choices = choices
        self.uncarried = uncarried
        self.body = body
    }
}

/// How a client wants its stream.
package struct StreamOptions: Sendable, Equatable {
    /// Chat completions: whether a last chunk with the usage was asked for.
    package var includesUsage: Bool
    /// Gemini without `alt=sse`: one JSON array instead of events.
    package var isArray: Bool

    package init(includesUsage: Bool = false, isArray: Bool = false) {
        self.includesUsage = includesUsage
        self.isArray = isArray
    }
}

/// What bounds the tokens that a request makes a model read.
package struct InputBound: Sendable, Equatable {
    /// UTF-8 bytes of everything that is read as text: prose, tool definitions, arguments,
    /// schemas. Media aren't counted. A byte-level tokenizer makes no more tokens than bytes.
    package var textBytes: Int64
    /// Messages and tools, around which providers add a few tokens each.
    package var items: Int64
    /// Pictures, each of which costs at most what its dialect says.
    package var images: Int64
    /// Whether something is read whose size the body doesn't tell (documents): then only the
    /// model's context window bounds it.
    package var isOpen: Bool

    /// Tokens that a provider adds where a request has tools at all: Anthropic's own figure is up
    /// to 530, and 735 for a tool of its own make; the rest is margin.
    package static let toolOverhead: Int64 = 1_024

    package init(
        textBytes: Int64, items: Int64, images: Int64 = 0, isOpen: Bool = false
    ) {
        self.textBytes = textBytes
        self.items = items
        self.images = images
        self.isOpen = isOpen
    }
}

/// What an answer says beside the model's own words.
package struct ReplyContext: Sendable, Equatable {
    package var request: RequestID
    /// The caller's name for the model.
    package var model: ModelName
    package var createdAt: Timestamp
    /// What a whole answer was charged; a streamed one learns it at its end.
    package var cost: Money
    /// The request's body as the client wrote it: some answers repeat the settings in it.
    package var asked: JSONObject

    package init(
        request: RequestID, model: ModelName, createdAt: Timestamp, cost: Money = .zero,
        asked: JSONObject = JSONObject()
    ) {
        self.request = request
        self.model = model
        self.createdAt = createdAt
        self.cost = cost
        self.asked = asked
    }
}

/// How a streamed answer ended, as the ledger has it.
package struct StreamEnd: Sendable, Equatable {
    package var finish: FinishReason
    package var stopSequence: String?
    package var usage: TokenUsage
    package var cost: Money

    package init(
        finish: FinishReason, stopSequence: String? = nil, usage: TokenUsage, cost: Money
    ) {
        self.finish = finish
        self.stopSequence = stopSequence
        self.usage = usage
        self.cost = cost
    }
}
