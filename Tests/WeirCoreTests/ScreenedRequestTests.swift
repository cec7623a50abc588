import Testing
import WeirCore

/// What screening changes in a conversation has to be changed in the body that is passed through.
@Suite struct ScreenedRequestTests {
    private static func request(_ body: JSON, _ chat: ChatRequest) throws -> ClientRequest {
        ClientRequest(
            chat: chat, maxTokens: nil, stream: nil, input: InputBound(textBytes: 10, items: 1),
            body: try #require(body.object))
    }

    private static func chat(_ parts: [ChatPart], system: String? = nil) throws -> ChatRequest {
        ChatRequest(
            model: try #require(ModelName("m")), system: system,
            messages: [ChatMessage(role: .user, parts: parts)], maxTokens: 1)
    }

    @Test func `prose in texts, documents and tools' answers is changed in both`() throws {
        let parts: [ChatPart] = [
            .text("a\u{1}"),
            .document(ChatMedia(source: .text("b\u{1}")), name: nil),
            .toolResult(ToolResult(callID: "1", content: [.text("c\u{1}")])),
            .image(ChatMedia(source: .base64("ZA=="))),
        ]
        let chat = try Self.chat(parts)
        var request = try Self.request(
            ["texts": ["a\u{1}", "b\u{1}", "c\u{1}"], "a\u{1}": "kept as a name", "n": 1], chat)
        let clean = chat.messages.map { message in
            ChatMessage(
                role: message.role,
                parts: message.parts.map { part in
                    part.mapTexts { String($0.filter { $0 != "\u{1}" }) } ?? part
                })
        }
        request.take(system: nil, messages: clean)
        #expect(
            JSON.object(request.body)
                == ["texts": ["a", "b", "c"], "a\u{1}": "kept as a name", "n": 1])
        #expect(!request.isBodyStale && request.chat.messages == clean)
        #expect(chat.messages[0].text == "a\u{1}\nb\u{1}\nc\u{1}")
    }

    @Test func `a body without such a text must not be passed through`() throws {
        let chat = try Self.chat([.text("hi")])
        var request = try Self.request(["messages": ["hi"]], chat)
        request.take(system: "Be careful.", messages: chat.messages)
        #expect(request.isBodyStale && request.chat.system == "Be careful.")
        #expect(request.input.textBytes == 21, "what was added is read, too")
    }

    @Test func `what stays as it is costs nothing`() throws {
        let chat = try Self.chat([.text("hi")], system: "s")
        var request = try Self.request(["x": "hi", "s": "s"], chat)
        let before = request
        request.take(system: "s", messages: chat.messages)
        #expect(request == before)
    }

    @Test func `equal letters with other bytes are another text`() throws {
        let chat = try Self.chat([.text("é")])
        var request = try Self.request(["x": "e\u{301}"], chat)
        request.take(
            system: nil, messages: [ChatMessage(role: .user, text: "[gone]")])
        #expect(request.isBodyStale)
    }
}
