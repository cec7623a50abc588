import Testing
import WeirCore
@testable import WeirProviders

@Suite(
    "Recorded requests of Gemini",
    .enabled(if: GeminiRecording.isThere, Comment(rawValue: Recordings.absence)))
struct GeminiRecordedTests {
    private let client = GeminiClient()
    private let dialect = GeminiDialect()

    @Test("are there")
    func areThere() {
        #expect(GeminiRecording.all.count == 129)
        #expect(GeminiRecording.all.filter(\.isStream).count == 8)
    }

    @Test("are read, or refused for what can't be priced")
    func areReadOrRefused() throws {
        var tally: [String: Int] = [:]
        for recording in generations {
            do {
                let read = try client.decode(
                    recording.request, model: recording.model, isStream: recording.isStream)
                #expect(read.uncarried.isEmpty, "\(recording.id): \(read.uncarried)")
                try checkContent(read, of: recording)
                tally["read", default: 0] += 1
            } catch let error as WeirError {
                let field = error.param?.split(separator: ".").last.map(String.init) ?? ""
                #expect(expectedRefusals.contains(field), "\(recording.id): \(error.message)")
                #expect(mentions(recording.request, field))
                tally[field, default: 0] += 1
            }
        }
        let rows = tally.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        print("recorded requests of Gemini: \(rows.joined(separator: ", "))")
        #expect(tally["read", default: 0] >= 85)
    }

    @Test("are passed through with nothing changed but the cap")
    func passThrough() throws {
        for recording in generations {
            let passed = PassThrough(
                body: recording.request, wire: .generateContent, model: recording.model,
                maxTokens: 77, isStream: recording.isStream)
            let encoded = dialect.passThrough(passed)
            var sent = try #require(try JSONParser.parse(encoded.body, .reply).object)
            let place = sent.spelling("generationConfig")
            var settings = try #require(sent[place]?.object)
            #expect(settings["maxOutputTokens"] == 77)
            // Put back as it was, all is as it was.
            let before = recording.request[place]?.object
            if let cap = before?["maxOutputTokens"] {
                settings.set("maxOutputTokens", cap)
            } else {
                settings.remove("maxOutputTokens")
            }
            sent.set(place, .object(settings))
            if before == nil { sent.remove(place) }
            #expect(sent == recording.request, "\(recording.id)")
            #expect(encoded.path.contains(recording.isStream ? ":stream" : ":generate"))
        }
    }

    @Test("mean the same once translated")
    func translate() throws {
        var count = 0
        for recording in generations {
            guard
                let read = try? client.decode(
                    recording.request, model: recording.model, isStream: false)
            else { continue }
            var chat = read.chat
            chat.maxTokens = 99
            let encoded = try dialect.encode(chat, isStream: false)
            let body = try #require(try JSONParser.parse(encoded.body, .request).object)
            let again = try client.decode(body, model: recording.model, isStream: false)
            #expect(again.uncarried.isEmpty)
            #expect(settled(again.chat) == settled(chat), "\(recording.id)")
            count += 1
        }
        #expect(count >= 85)
    }

    /// Without what a translation may rightly change: files of tools' answers stand behind them,
    /// calls without a proof get a stand-in.
    private func settled(_ chat: ChatRequest) -> ChatRequest {
        var chat = chat
        var parts: [ChatMessage] = []
        for message in chat.messages {
            for part in message.parts {
                switch part {
                case .toolResult(var result):
                    result.content.removeAll { if case .text = $0 { false } else { true } }
                    if result.content.isEmpty { result.content = [.text("")] }
                    parts.append(ChatMessage(role: message.role, parts: [.toolResult(result)]))
                case .toolCall(var call):
                    call.signature = nil
                    parts.append(ChatMessage(role: message.role, parts: [.toolCall(call)]))
                case .text(let text) where text.utf8.starts(with: "From get_file:".utf8): continue
                case .document, .image: continue
                default: parts.append(ChatMessage(role: message.role, parts: [part]))
                }
            }
        }
        chat.messages = parts
        for index in chat.tools.indices { chat.tools[index].isStrict = nil }
        if chat.toolChoice == .automatic { chat.toolChoice = nil }
        return chat
    }

    private var generations: [GeminiRecording] {
        GeminiRecording.all("generateContent") + GeminiRecording.all("streamGenerateContent")
    }

    private let expectedRefusals: Set<String> = [
        "googleSearch", "codeExecution", "urlContext", "fileSearch", "fileUri", "file_uri",
        "mimeType", "responseModalities", "executableCode",
    ]

    private func mentions(_ request: JSONObject, _ field: String) -> Bool {
        Array(JSON.object(request).text.utf8).split(separator: UInt8(ascii: "\"")).contains {
            $0.elementsEqual(field.utf8)
        }
    }

    /// Every text, call and answer of the request is in what was read.
    private func checkContent(_ read: ClientRequest, of recording: GeminiRecording) throws {
        var calls = 0
        var answers = 0
        var signatures = 0
        var texts = ""
        for content in recording.request["contents"]?.array ?? [] {
            for part in content["parts"]?.array ?? [] {
                texts += part["text"]?.string ?? ""
                if part["functionCall"] != nil { calls += 1 }
                if part["functionResponse"] != nil { answers += 1 }
                if part["thoughtSignature"] != nil { signatures += 1 }
            }
        }
        let parts = read.chat.messages.flatMap(\.parts)
        var foundTexts = ""
        var found = (calls: 0, answers: 0, signatures: 0)
        for part in parts {
            switch part {
            case .text(let text): foundTexts += text
            case .toolCall(let call):
                found.calls += 1
                #expect(call.id != nil)
                if call.signature != nil { found.signatures += 1 }
            case .toolResult(let result):
                found.answers += 1
                #expect(result.callID != nil && result.name != nil)
            case .thinking(let thinking): if thinking.signature != nil { found.signatures += 1 }
            case .image, .document: break
            }
        }
        #expect(foundTexts == texts && found == (calls, answers, signatures), "\(recording.id)")
        #expect(
            read.maxTokens == recording.request["generationConfig"]?["maxOutputTokens"]?.integer)
    }
}
