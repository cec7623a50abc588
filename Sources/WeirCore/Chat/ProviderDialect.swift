/// How one family of providers is spoken to: pure translation, bytes in, bytes out.
package protocol ProviderDialect: Sendable {
    /// The wires that its provider speaks. Translations are written in the first one.
    var wires: [Wire] { get }

    /// The request for one completion in the first wire, without credentials. Throws
    /// `invalid_request` with the name of what this wire can't carry.
    func encode(_ request: ChatRequest, isStream: Bool) throws(WeirError) -> EncodedRequest

    /// A client's own body in a wire that the provider speaks: every member as it was, but the
    /// model, the output cap, whether it streams, and the asking for usage.
    func passThrough(_ request: PassThrough) -> EncodedRequest

    /// The headers that carry the provider's key.
    func credentials(_ key: String) -> [HeaderField]

    /// Reads a 2xx reply. Throws where the bytes are no answer at all.
    func decodeReply(_ body: [UInt8], wire: Wire) throws(ReplyDefect) -> ChatReply

    /// The reader of one streamed reply.
    ///
    /// - Parameter includesUsage: whether the client asked for a usage event of its own.
    func replyStream(wire: Wire, includesUsage: Bool) -> any ReplyStreamDecoder

    /// What an error reply means for the caller. Its message is redacted: no key, no host.
    func decodeFailure(status: Int, body: [UInt8]) -> ProviderFailure

    /// A request that costs nothing, to see whether the provider answers.
    var probePath: String { get }

    /// Whether the tokenizer normalises text (NFKC), so that it can grow before it is counted.
    var normalisesText: Bool { get }

    /// The most tokens that one picture is read as, whatever its size.
    var tokensPerImage: Int64 { get }

    /// Nil where the provider has no embeddings, and where it counts no tokens.
    var embeddings: (any EmbeddingDialect)? { get }
    var tokenCount: (any TokenCountDialect)? { get }

    /// Nil where the provider has no batch interface that Weir speaks.
    var batch: (any ProviderBatchDialect)? { get }
}

extension ProviderDialect {
    package var embeddings: (any EmbeddingDialect)? { nil }
    package var tokenCount: (any TokenCountDialect)? { nil }
    package var batch: (any ProviderBatchDialect)? { nil }

    /// Reads a 2xx reply to a translated request.
    package func decodeReply(_ body: [UInt8]) throws(ReplyDefect) -> ChatReply {
        try decodeReply(body, wire: wires[0])
    }
}

/// A client's body on its way to a provider that speaks its wire.
package struct PassThrough: Sendable {
    package let body: JSONObject
    package let wire: Wire
    /// The model's name at the provider.
    package let model: ModelName
    package let maxTokens: Int64
    package let isStream: Bool

    package init(
        body: JSONObject, wire: Wire, model: ModelName, maxTokens: Int64, isStream: Bool
    ) {
        self.body = body
        self.wire = wire
        self.model = model
        self.maxTokens = maxTokens
        self.isStream = isStream
    }
}

/// A request in a provider's own form, to be sent below the provider's base URL.
package struct EncodedRequest: Sendable, Equatable {
    /// Begins with a slash; goes behind the base URL's own path.
    package let path: String
    package let headers: [HeaderField]
    package let body: [UInt8]

    package init(path: String, headers: [HeaderField] = [], body: [UInt8]) {
        self.path = path
        self.headers = headers
        self.body = body
    }
}

package struct HeaderField: Sendable, Equatable {
    package let name: String
    package let value: String

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// Why a 2xx reply can't be read as an answer.
package struct ReplyDefect: Error, Sendable, Equatable {
    package let reason: String
    /// What it claims to have used, where that much can be read: such a reply was billed.
    package let usage: ReportedUsage
    /// Bytes of a stream that were taken before this was thrown, and that can't be read.
    package let unread: Int

    package init(_ reason: String, usage: ReportedUsage = .absent, unread: Int = 0) {
        self.reason = reason
        self.usage = usage
        self.unread = unread
    }
}

/// An error reply in no provider's words.
package struct ProviderFailure: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        /// The request itself is at fault: 400, 404, 413, 422.
        case badRequest
        /// Weir's own key or account is at fault: 401, 403, no credit. Never the caller's business.
        case account
        /// 429: too fast for now.
        case rateLimited
        /// 500, 503, 529: refused or failed before an answer; not billed.
        case unavailable
        /// 502, 504 and anything unknown: whether it was billed can't be known.
        case unknown
    }

    package let kind: Kind
    package let message: String
    package let retryAfter: Int?

    package init(kind: Kind, message: String, retryAfter: Int? = nil) {
        self.kind = kind
        self.message = message
        self.retryAfter = retryAfter
    }

    /// The kind that a status stands for where a dialect knows no better (`ledger.md`'s table).
    package static func kind(status: Int) -> Kind {
        switch status {
        case 401, 402, 403: .account
        case 429: .rateLimited
        case 400, 404, 413, 422: .badRequest
        case 500, 503, 529: .unavailable
        default: .unknown
        }
    }
}
