import WeirCore

/// What is said to the model: the short form (`user_message`) or the long one (`messages`).
struct Conversation {
    let system: String?
    let messages: [ChatMessage]

    static let messageLimit = 1_000
    static let partLimit = 1_000

    init(_ fields: BodyFields) throws(WeirError) {
        var system = try Conversation.systemPrompt(fields)
        let message = try fields.text("user_message")
        guard let list = try fields.array("messages", limit: Conversation.messageLimit) else {
            let text = try fields.required("user_message", message)
            guard !text.isEmpty else { throw fields.error("user_message", "is empty") }
            self.system = system.isEmpty ? nil : system[0]
            messages = [ChatMessage(role: .user, text: text)]
            return
        }
        guard message == nil else {
            throw fields.error("messages", "and user_message can't both be given")
        }
        var messages: [ChatMessage] = []
        for (index, item) in list.enumerated() {
            let entry = try BodyFields(
                item, path: "messages[\(index)]", allowing: ["role", "content"])
            let role = try entry.required("role", try entry.text("role"))
            let text = try Conversation.content(entry)
            switch role {
            case "system": system.append(text)
            case "user": messages.append(ChatMessage(role: .user, text: text))
            case "assistant": messages.append(ChatMessage(role: .assistant, text: text))
            default: throw entry.error("role", "must be user, assistant or system")
            }
        }
        guard messages.contains(where: { $0.role == .user }) else {
            throw fields.error("messages", "must have a message of the user")
        }
        self.system = system.isEmpty ? nil : system.joined(separator: "\n\n")
        self.messages = messages
    }

    private static func systemPrompt(_ fields: BodyFields) throws(WeirError) -> [String] {
        guard let value = fields["system_prompt"], !value.isNull else { return [] }
        guard let text = value.string else {
            throw fields.error("system_prompt", "must be a string or null, not \(value.kind)")
        }
        return text.isEmpty ? [] : [text]
    }

    /// A string, or text parts that are joined by line feeds.
    private static func content(_ entry: BodyFields) throws(WeirError) -> String {
        let value = try entry.required("content", entry["content"])
        var text: String
        switch value {
        case .string(let whole): text = whole
        case .array(let parts) where parts.count <= partLimit:
            var texts: [String] = []
            for (index, part) in parts.enumerated() {
                let fields = try BodyFields(
                    part, path: entry.param("content[\(index)]"), allowing: ["type", "text"])
                guard try fields.text("type") == "text" else {
                    throw fields.error("type", "must be text")
                }
                texts.append(try fields.required("text", try fields.text("text")))
            }
            text = texts.joined(separator: "\n")
        default:
            throw entry.error("content", "must be a string or an array of text parts")
        }
        guard !text.isEmpty else { throw entry.error("content", "is empty") }
        return text
    }
}
