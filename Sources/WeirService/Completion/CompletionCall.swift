package import WeirCore

/// One call that a client makes: well-formed, nothing decided yet.
package struct CompletionCall: Sendable {
    package var caller: Caller
    package var request: RequestID
    package var tenant: TenantID
    package var user: UserID
    package var feature: FeatureSlug
    /// How the client is answered.
    package var dialect: any ClientReplyDialect
    package var work: Work
    /// Headers of the client's that go along where its body is passed through.
    package var headers: [HeaderField]
    /// The `Idempotency-Key`, with what tells this request from another.
    package var idempotency: IdempotencyKey?
    /// Where it is told what the call uses; nil where nobody wants to know.
    package var meter: CallMeter?
    /// How its scopes stand against their limits; nil before it was asked, and where none is in
    /// force.
    package internal(set) var rate: CallStanding?

    /// What is asked for.
    package enum Work: Sendable {
        case chat(ClientRequest)
        case embeddings(ClientEmbeddingRequest, any ClientEmbeddingDialect)
        case tokenCount(ClientRequest, any ClientTokenCountDialect)
    }

    package init(
        caller: Caller, request: RequestID, tenant: TenantID, user: UserID, feature: FeatureSlug,
        dialect: any ClientReplyDialect, work: Work, headers: [HeaderField] = [],
        idempotency: IdempotencyKey? = nil, meter: CallMeter? = nil
    ) {
        self.caller = caller
        self.request = request
        self.tenant = tenant
        self.user = user
        self.feature = feature
        self.dialect = dialect
        self.work = work
        self.headers = headers
        self.idempotency = idempotency
        self.meter = meter
    }
}

extension CompletionCall {
    /// The model by the caller's name for it.
    package var model: ModelName {
        switch work {
        case .chat(let request), .tokenCount(let request, _): request.chat.model
        case .embeddings(let request, _): request.embedding.model
        }
    }

    /// What it says of thinking; nil where it says nothing.
    var reasoning: ReasoningEffort? {
        if case .chat(let request) = work { request.chat.reasoning } else { nil }
    }

    /// A conversation's body as the client wrote it; nothing else's answer repeats what was asked.
    var asked: JSONObject {
        if case .chat(let request) = work { request.body } else { JSONObject() }
    }

    /// How the answer is to be streamed; nil where a whole one is wanted.
    var stream: StreamOptions? {
        if case .chat(let request) = work { request.stream } else { nil }
    }
}

/// A client's idempotency key and the fingerprint of the request that it stands for.
package struct IdempotencyKey: Sendable, Equatable {
    package let key: String
    /// SHA-256 over method, path, tenant and canonical body (`IdempotencyKey.fingerprint`).
    package let fingerprint: [UInt8]

    /// Nil where the key is empty, over 255 bytes, or not visible ASCII.
    package init?(_ key: String, fingerprint: [UInt8]) {
        guard (1...255).contains(key.utf8.count) else { return nil }
        guard key.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { return nil }
        self.key = key
        self.fingerprint = fingerprint
    }

    /// What makes two requests the same: order of members and blanks don't.
    package static func fingerprint(
        method: String, path: String, tenant: TenantID, body: JSON
    ) -> [UInt8] {
        sha256(Array("\(method) \(path)\n\(tenant)\n".utf8) + body.sorted.encoded)
    }
}

extension JSON {
    /// The same value with every object's members in order of their names' bytes.
    var sorted: JSON {
        switch self {
        case .null, .bool, .number, .string: self
        case .array(let elements): .array(elements.map(\.sorted))
        case .object(let object):
            .object(
                JSONObject(
                    object.members.map { .init(name: $0.name, value: $0.value.sorted) }
                        .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }))
        }
    }
}
