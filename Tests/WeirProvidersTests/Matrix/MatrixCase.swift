import Testing
import WeirCore
import WeirProviders

/// What a request can say, in no wire's words: one case for each thing.
struct MatrixCase: CustomTestStringConvertible {
    let name: String
    var chat: ChatRequest
    var isStream = false

    var testDescription: String { name }

    /// Named by hand: the names are those of the files in `Requests` and `Golden`.
    static let all: [MatrixCase] = plain + media + tools + toolAnswers + thoughts + settings

    init(
        _ name: String, _ messages: [ChatMessage], _ change: (inout ChatRequest) -> Void = { _ in }
    ) {
        self.name = name
        chat = ChatRequest(model: MatrixCase.model, messages: messages, maxTokens: 4_096)
        change(&chat)
    }

    /// One question, and what `change` adds.
    init(_ name: String, _ change: (inout ChatRequest) -> Void = { _ in }) {
        self.init(name, [.user("Hi")], change)
    }

    /// As it is asked of one provider: the model is a model of its own.
    func asked(of kind: ProviderKind) -> ChatRequest {
        var chat = chat
        chat.model = MatrixCase.models[kind] ?? MatrixCase.model
        return chat
    }

    /// The caller's name for the model.
    static let model = name("a-model")

    private static let models: [ProviderKind: ModelName] = [
        .anthropic: name("claude-sonnet-4-5"), .openai: name("gpt-5.1"),
        .deepseek: name("deepseek-chat"), .gemini: name("gemini-2.5-flash"),
        .compatible: name("llama-3.3-70b"),
    ]

    private static func name(_ text: String) -> ModelName {
        guard let name = ModelName(text) else { preconditionFailure("\(text) is no name") }
        return name
    }
}

extension ChatMessage {
    static func user(_ text: String) -> ChatMessage { ChatMessage(role: .user, text: text) }
    static func user(_ parts: ChatPart...) -> ChatMessage {
        ChatMessage(role: .user, parts: parts)
    }
    static func assistant(_ text: String) -> ChatMessage {
        ChatMessage(role: .assistant, text: text)
    }
}

extension MatrixCase {
    private static var plain: [MatrixCase] {
        [
            MatrixCase("text"),
            MatrixCase("text-streamed", isStream: true),
            MatrixCase("text-hostile", [.user("\"\\ \u{1}\n\t\u{7F} é 日本 \u{1F600} </script>")]),
            MatrixCase("system") { $0.system = "Be brief.\nNo jokes." },
            MatrixCase("turns", [.user("1 + 1?"), .assistant("2"), .user("And twice that?")]),
            MatrixCase("turns-assistant-first", [.assistant("Welcome."), .user("Hi")]),
            MatrixCase(
                "turns-neighbouring",
                [.user("One."), .user("Two."), .assistant("A"), .assistant("B"), .user("Three.")]),
            MatrixCase("parts", [.user(.text("First."), .text("Second."))]),
        ]
    }

    private init(_ name: String, isStream: Bool) {
        self.init(name)
        self.isStream = isStream
    }

    private static var media: [MatrixCase] {
        let picture = ChatMedia(source: .base64("iVBORw0KGgo="), mediaType: "image/png")
        var address = ChatMedia(source: .url("https://example.com/cat.jpg"))
        let plain = address
        address.detail = "high"
        let paper = ChatMedia(source: .base64("JVBERi0xLjQK"), mediaType: "application/pdf")
        let remote = ChatMedia(source: .url("https://example.com/paper.pdf"))
        let notes = ChatMedia(source: .text("Some notes."), mediaType: "text/plain")
        return [
            MatrixCase("image-base64", [.user(.text("What is it?"), .image(picture))]),
            MatrixCase("image-address", [.user(.image(plain), .text("What is it?"))]),
            MatrixCase("image-detail", [.user(.text("Look closely."), .image(address))]),
            MatrixCase(
                "document-base64", [.user(.document(paper, name: "paper.pdf"), .text("Read."))]),
            MatrixCase("document-address", [.user(.document(remote, name: nil), .text("Read."))]),
            MatrixCase(
                "document-text", [.user(.document(notes, name: "notes.txt"), .text("Read."))]),
        ]
    }

    static let schema: JSON = [
        "type": "object", "properties": ["city": ["type": "string"]], "required": ["city"],
        "additionalProperties": false,
    ]

    static let weather = ChatTool(
        name: "get_weather", description: "The weather of a city.", parameters: schema)

    private static var tools: [MatrixCase] {
        func choosing(_ name: String, _ choice: ToolChoice?) -> MatrixCase {
            MatrixCase(name) {
                $0.tools = [weather, ChatTool(name: "now", parameters: noParameters)]
                $0.toolChoice = choice
            }
        }
        return [
            MatrixCase("tool") { $0.tools = [weather] },
            MatrixCase("tool-strict") {
                $0.tools = [weather]
                $0.tools[0].isStrict = true
            },
            MatrixCase("tool-without-parameters") { $0.tools = [ChatTool(name: "now")] },
            choosing("tools-choice-automatic", .automatic),
            choosing("tools-choice-none", ToolChoice.none),
            choosing("tools-choice-required", .required),
            choosing("tools-choice-named", .named("now")),
            MatrixCase("tools-one-at-a-time") {
                $0.tools = [weather]
                $0.toolChoice = .automatic
                $0.parallelToolCalls = false
            },
        ]
    }

    private static let noParameters: JSON = ["type": "object", "properties": [:]]
}
