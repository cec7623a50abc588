import WeirCore
import WeirService

/// The fields of a completion's body, each checked.
struct CompletionFields {
    let tenant: TenantID?
    let user: UserID
    let feature: FeatureSlug
    let model: ModelName
    let conversation: Conversation
    let maxTokens: Int64
    let temperature: DecimalNumber?
    let topP: DecimalNumber?
    let stop: [String]
    let isStream: Bool

    private static let names = [
        "tenant_id", "user_id", "feature_slug", "model", "system_prompt", "user_message",
        "messages", "max_tokens", "temperature", "top_p", "stop", "metadata", "stream",
    ]

    init(_ body: JSON, defaultMaxTokens: Int64) throws(WeirError) {
        let fields = try BodyFields(body, allowing: CompletionFields.names)
        tenant = try fields.integer("tenant_id", in: 1...Int64.max).flatMap(TenantID.init)
        user = try fields.integer("user_id", in: 0...Int64.max).flatMap(UserID.init) ?? .none
        feature = try fields.slug("feature_slug", limit: 64) ?? .defaultFeature
        model = try fields.required("model", try fields.slug("model", limit: 128))
        conversation = try Conversation(fields)
        maxTokens = try fields.integer("max_tokens", in: 1...1_000_000) ?? defaultMaxTokens
        temperature = try fields.decimal("temperature", in: 0...2)
        topP = try fields.decimal("top_p", in: 0...1)
        stop = try CompletionFields.stop(fields)
        try CompletionFields.checkMetadata(fields)
        isStream = try fields.bool("stream") ?? false
    }

    /// What is asked for. Nobody is passed through: no provider speaks this wire.
    func client(body: JSON) -> ClientRequest {
        let chat = ChatRequest(
            model: model, system: conversation.system, messages: conversation.messages,
            maxTokens: maxTokens, temperature: temperature, topP: topP, stop: stop)
        let texts = [conversation.system ?? ""] + conversation.messages.map(\.text)
        return ClientRequest(
            chat: chat, maxTokens: maxTokens, stream: isStream ? StreamOptions() : nil,
            input: InputBound(
                textBytes: texts.reduce(0) { $0 + Int64($1.utf8.count) },
                items: Int64(conversation.messages.count)),
            body: body.object ?? JSONObject())
    }

    /// One sequence, or an array of at most four.
    private static func stop(_ fields: BodyFields) throws(WeirError) -> [String] {
        guard let value = fields["stop"] else { return [] }
        let list = value.array ?? [value]
        guard (1...4).contains(list.count) else {
            throw fields.error("stop", "must be a string or an array of 1 to 4 strings")
        }
        var stop: [String] = []
        for item in list {
            guard let text = item.string, (1...256).contains(text.utf8.count) else {
                throw fields.error("stop", "must hold strings of 1 to 256 bytes")
            }
            stop.append(text)
        }
        return stop
    }

    /// Accepted and ignored for now.
    private static func checkMetadata(_ fields: BodyFields) throws(WeirError) {
        guard let value = fields["metadata"] else { return }
        guard let object = value.object, object.members.count <= 16 else {
            throw fields.error("metadata", "must be an object of at most 16 strings")
        }
        for member in object.members {
            guard (1...64).contains(member.name.utf8.count), let text = member.value.string,
                text.utf8.count <= 512
            else {
                throw fields.error(
                    "metadata", "must have names of 1 to 64 bytes and strings of up to 512 bytes")
            }
        }
    }
}
