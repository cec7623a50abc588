import Testing
import WeirCore

@testable import WeirProviders

@Suite("Chat requests, recorded")
struct ChatRecordedRequestTests {
    @Test(
        "are read whole, or refused for what has no price here",
        .enabled(if: Recordings.folder != nil, Comment(rawValue: Recordings.absence)))
    func areRead() throws {
        var accepted = 0
        for exchange in try ChatTraffic.load() {
            do {
                let request = try OpenAIChatClient()
                    .decode(exchange.request, model: nil, isStream: nil)
                #expect(refusals[exchange.id] == nil, "\(exchange.id) is accepted")
                let found = differences(request, exchange.request)
                #expect(found.isEmpty, "\(exchange.id): \(found)")
                #expect(Set(request.uncarried).isSubset(of: uncarried), "\(request.uncarried)")
                accepted += 1
            } catch {
                #expect(error.param == refusals[exchange.id], "\(exchange.id): \(error)")
            }
        }
        #expect(accepted == 185 - refusals.count)
    }

    @Test(
        "are passed through with nothing changed but what must be",
        .enabled(if: Recordings.folder != nil, Comment(rawValue: Recordings.absence)))
    func arePassedThrough() throws {
        for exchange in try ChatTraffic.load() {
            let model = try #require(ModelName("provider/name"))
            let isStream = exchange.request["stream"] == true
            let encoded = exchange.dialect.passThrough(
                PassThrough(
                    body: exchange.request, wire: .chatCompletions, model: model, maxTokens: 77,
                    isStream: isStream))
            #expect(encoded.path == "/chat/completions")
            let isOpenAI = exchange.provider == "openai"
            var expected = exchange.request
            expected.set("model", "provider/name")
            let named = ["max_completion_tokens", "max_tokens"].filter { expected[$0] != nil }
            if isOpenAI {
                expected.set(named.first ?? "max_completion_tokens", 77)
            } else {
                expected.remove("max_completion_tokens")
                expected.set("max_tokens", 77)
            }
            if isStream {
                expected.set("stream_options", ["include_usage": true])
            }
            let sent = try JSONParser.parse(encoded.body, .request)
            #expect(isSame(sent, .object(expected)), "\(exchange.id)")
            let order = sent.object?.members.map(\.name).filter { expected[$0] != nil } ?? []
            let before = exchange.request.members.map(\.name).filter { order.contains($0) }
            #expect(order.filter(before.contains) == before, "\(exchange.id)")
        }
    }

    @Test(
        "say the same after a translation",
        .enabled(if: Recordings.folder != nil, Comment(rawValue: Recordings.absence)))
    func areTranslated() throws {
        var count = 0
        for exchange in try ChatTraffic.load() where refusals[exchange.id] == nil {
            let request = try OpenAIChatClient()
                .decode(exchange.request, model: nil, isStream: nil)
            guard request.uncarried.isEmpty, !hasRemoteFile(request.chat) else { continue }
            var chat = request.chat
            chat.maxTokens = request.maxTokens ?? 55
            let encoded = try OpenAIDialect(outputCap: .maxTokens).encode(chat, isStream: false)
            let body = try #require(try JSONParser.parse(encoded.body, .request).object)
            let again = try OpenAIChatClient().decode(body, model: nil, isStream: nil)
            // Thoughts are no content of this form's requests.
            for index in chat.messages.indices {
                chat.messages[index].parts.removeAll {
                    if case .thinking = $0 { true } else { false }
                }
            }
            let isSame = again.chat.joined == chat.joined
            #expect(isSame, "\(exchange.id)")
            #expect(again.uncarried.isEmpty)
            count += 1
        }
        #expect(count >= 150)
    }

    /// The second reading of a request: texts, names and numbers wherever they stand.
    private func differences(_ request: ClientRequest, _ body: JSONObject) -> [String] {
        var found: [String] = []
        let chat = request.chat
        if chat.model.description != body["model"]?.string { found.append("model") }
        let cap = body["max_completion_tokens"]?.integer ?? body["max_tokens"]?.integer
        if request.maxTokens != cap { found.append("cap") }
        if (request.stream != nil) != (body["stream"] == true) { found.append("stream") }
        let asks = body["stream_options"]?["include_usage"] == true
        if let stream = request.stream, stream.includesUsage != asks { found.append("usage") }
        let texts = (body["messages"]?.array ?? []).flatMap { message -> [String] in
            if let text = message["content"]?.string { return text.isEmpty ? [] : [text] }
            return (message["content"]?.array ?? []).compactMap { $0["text"]?.string }
        }
        let read = (chat.system.map { [$0] } ?? []) + chat.messages.map(\.text)
        for text in texts where !read.contains(where: { $0.contains(text) }) {
            found.append("text \(text)")
        }
        let media = (body["messages"]?.array ?? []).flatMap { $0["content"]?.array ?? [] }
        let images = media.filter { $0["type"] == "image_url" }.count
        if request.input.images != Int64(images) { found.append("images") }
        let files = media.filter { $0["type"] == "file" || $0["type"] == "document_url" }
        if request.input.isOpen != !files.isEmpty { found.append("documents") }
        let tools = (body["tools"]?.array ?? []).compactMap { $0["function"]?["name"]?.string }
        if chat.tools.map(\.name) != tools { found.append("tools") }
        let calls = (body["messages"]?.array ?? []).flatMap { $0["tool_calls"]?.array ?? [] }
            .compactMap { $0["id"]?.string }
        if chat.messages.flatMap(\.callIDs) != calls { found.append("calls") }
        let encoded = Int64(JSON.object(body).encoded.count)
        if files.isEmpty, images == 0, request.input.textBytes < encoded * 3 / 4 {
            found.append("bound \(request.input.textBytes) of \(encoded)")
        }
        return found
    }

    private func hasRemoteFile(_ chat: ChatRequest) -> Bool {
        chat.messages.flatMap(\.parts).contains { part in
            guard case .document(let media, _) = part, case .url = media.source else {
                return false
            }
            return true
        }
    }
}

/// Recordings that have no price here, and the field that is named.
private let refusals = [
    "1d0f33eadafc": "provider", "95621a4b2d25": "provider", "d63ae9394bfb": "provider",
    "79227739cbdb": "web_search_options", "5e983668f887": "web_search_options",
    "96d63c0d7881": "messages[3].content[0].file.file_id",
    "e8c793933156": "tools[0].type", "388b7aa59742": "tools[0].type",
]

/// What only the same wire can carry in them.
private let uncarried: Set<String> = ["clear_thinking", "thinking.clear_thinking"]

extension ChatMessage {
    fileprivate var callIDs: [String] {
        parts.compactMap { if case .toolCall(let call) = $0 { call.id } else { nil } }
    }
}

extension ChatRequest {
    /// With the texts of a message in one, as they are sent where it has nothing else.
    fileprivate var joined: ChatRequest {
        var copy = self
        for index in copy.messages.indices {
            let parts = copy.messages[index].parts
            for (place, part) in parts.enumerated() {
                guard case .document(let media, nil) = part else { continue }
                copy.messages[index].parts[place] = .document(media, name: "document.pdf")
            }
            let isProse = parts.allSatisfy { if case .text = $0 { true } else { false } }
            if isProse, parts.count > 1 {
                copy.messages[index].parts = [.text(copy.messages[index].text)]
            }
        }
        if case .schema(let name, let schema, let isStrict) = copy.format {
            copy.format = .schema(name: name ?? "answer", schema: schema, isStrict: isStrict)
        }
        if copy.reasoning == .adaptive { copy.reasoning = nil }
        return copy
    }
}
