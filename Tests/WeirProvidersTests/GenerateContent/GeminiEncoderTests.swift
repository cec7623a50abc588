import Testing
import WeirCore
@testable import WeirProviders

@Suite("Gemini clients are answered")
struct GeminiEncoderTests {
    private let client = GeminiClient()
    private let dialect = GeminiDialect()

    @Test("with all that an answer has")
    func encodesReply() throws {
        let usage = try tokens(20, 9, read: 4, reasoning: 3)
        let reply = ChatReply(
            text: "a", thinking: [Thinking(text: "t", signature: own)],
            toolCalls: [
                ToolCall(id: "i", name: "f", arguments: ["x": 1], signature: own),
                ToolCall(id: nil, name: "g", arguments: .object(JSONObject())),
            ], finish: .toolCalls, usage: usage, model: "real")
        let body = client.encode(reply, try replyContext())
        #expect(
            text(body)
                == #"{"candidates":[{"content":{"parts":[{"text":"t","thought":true,"#
                + #""thoughtSignature":"QUI="},{"text":"a"},{"functionCall":{"id":"i","name":"f","#
                + #""args":{"x":1}},"thoughtSignature":"QUI="},{"functionCall":{"name":"g","#
                + #""args":{}}}],"role":"model"},"finishReason":"STOP","index":0}],"#
                + #""usageMetadata":{"promptTokenCount":20,"cachedContentTokenCount":4,"#
                + #""candidatesTokenCount":6,"toolUsePromptTokenCount":0,"thoughtsTokenCount":3,"#
                + #""totalTokenCount":29},"modelVersion":"real","responseId":"req_1"}"#)
        #expect(try dialect.decodeReply(body) == reply)
    }

    @Test("with a reason for every ending", arguments: FinishReason.allCases)
    func encodesFinish(finish: FinishReason) throws {
        let usage = try tokens(1, 0)
        let reply = ChatReply(text: "", finish: finish, usage: usage)
        let read = try dialect.decodeReply(client.encode(reply, try replyContext()))
        let expected: FinishReason =
            finish == .pause ? .other : finish == .toolCalls ? .stop : finish
        #expect(read.finish == expected && read.model == "fast" && read.text.isEmpty)
    }

    @Test("in streams that read as what was told", arguments: [false, true])
    func encodesStream(isArray: Bool) throws {
        let usage = try #require(try tokens(20, 9, reasoning: 3).reported)
        let told: [[ChatEvent]] = [
            [.started(model: "real"), .usage(try tokens(20, 1)), .thinking("t"), .thinking("u")],
            [.thinkingSignature(foreign), .text("a"), .text("b")],
            [.usage(.absent), .finish(.toolCalls, stopSequence: nil)],
            [.redactedThinking(foreign), .text("\u{1F600}\n\"")],
            [
                .toolCall(index: 0, id: "i", name: "f", signature: own),
                .toolArguments(index: 0, #"{"x":"#),
            ],
            [
                .toolCall(index: 1, id: nil, name: "g", signature: nil),
                .toolArguments(index: 0, "1}"),
            ],
            [.toolArguments(index: 7, "lost"), .ended],
        ]
        var encoder = client.stream(try replyContext(), StreamOptions(isArray: isArray))
        #expect(encoder.contentType == (isArray ? "application/json" : "text/event-stream"))
        var body: [UInt8] = []
        for events in told { body += encoder.encode(events) }
        #expect(try events(body + (isArray ? bytes("]") : []), isArray).contains(.ended) == false)
        body += encoder.complete(streamEnd(.toolCalls, usage), withheld: [])
        let read = try events(body, isArray)
        var answer = Told()
        for event in read { answer.add(event) }
        #expect(answer.text == "ab\u{1F600}\n\"" && answer.thinking == "tu")
        #expect(
            answer.calls == [
                ToolCall(id: "i", name: "f", arguments: ["x": 1], signature: own),
                ToolCall(id: nil, name: "g", arguments: .object(JSONObject())),
            ])
        #expect(read.first == .started(model: "real"))
        #expect(read.contains(.finish(.toolCalls, stopSequence: nil)))
        #expect(answer.usage == usage && read.last == .ended)
        let proofs = answer.proofs.map { ThoughtSignature.gemini($0.value) }
        #expect(proofs.map(\.signature) == [foreign, foreign])
        #expect(proofs.map(\.isRedacted) == [false, true])
    }

    @Test("by their provider's own events where it speaks their wire", arguments: [false, true])
    func relays(isArray: Bool) throws {
        let data = [#"{"a":1.0,"candidates":[]}"#, #"{"candidates":[{"finishReason":"STOP"}]}"#]
        var decoder = GeminiStreamDecoder(dialect)
        let steps = try decoder.feed(
            bytes(": hello\n\n" + data.map { "data: \($0)\r\n\r\n" }.joined()))
        var encoder = client.stream(try replyContext(), StreamOptions(isArray: isArray))
        var body: [UInt8] = []
        for step in steps where step.relay == .forward { body += encoder.relay(step) }
        let ends = try decoder.finish()
        let withheld = (steps + ends).filter { $0.relay == .withhold }
        body += encoder.complete(streamEnd(.stop, .zero), withheld: withheld)
        let expected =
            isArray
            ? "[\(data[0]),\(data[1])]"
            : "\n\n" + data.map { "data: \($0)\n\n" }.joined()
        #expect(text(body) == expected)
    }

    @Test("with an error that ends no answer", arguments: [false, true])
    func fails(isArray: Bool) throws {
        let error = WeirError(.providerUnavailable, "gone", retryAfter: 3)
        for isBegun in [false, true] {
            var encoder = client.stream(try replyContext(), StreamOptions(isArray: isArray))
            var body = isBegun ? encoder.encode([.text("a")]) : []
            body += encoder.fail(error)
            let data = text(client.encode(error, request: try replyContext().request))
            #expect(
                data.hasPrefix(#"{"error":{"code":503,"message":"gone","status":"UNAVAILABLE""#))
            if isArray {
                let elements = try #require(try JSONParser.parse(body, .request).array)
                #expect(elements.last?.text == data && elements.count == (isBegun ? 2 : 1))
            } else {
                // Bare, as Gemini does it: SDKs look for it there.
                #expect(text(body).hasSuffix("\(data)\n"))
                #expect(!text(body).contains("data: \(data)"))
            }
            let read = try events(body, isArray)
            #expect(!read.contains(.ended))
        }
    }

    @Test("with Google's words for every error", arguments: WeirError.Code.allCases)
    func encodesErrors(code: WeirError.Code) throws {
        let error = WeirError(code, "so \"it\" is", param: "contents[0]", retryAfter: 7)
        let body = try JSONParser.parse(
            client.encode(error, request: try replyContext().request), .request)
        let inner = try #require(body["error"])
        #expect(inner["code"]?.integer == Int64(code.status))
        #expect(inner["message"] == "so \"it\" is")
        let status = try #require(inner["status"]?.string)
        #expect(status.utf8.allSatisfy { (0x41...0x5A).contains($0) || $0 == 0x5F })
        let details = try #require(inner["details"]?.array)
        #expect(details[0]["reason"]?.string == code.rawValue)
        #expect(details.contains { $0["retryDelay"] == "7s" })
        #expect(details.contains { $0["requestId"] == "req_1" })
        #expect(
            details.contains { $0["fieldViolations"]?.array?[0]["field"] == "contents[0]" })
        // Read back by the dialect itself.
        let failure = dialect.decodeFailure(status: code.status, body: body.encoded)
        #expect(failure.message == error.message && failure.retryAfter == 7)
    }

    private func events(_ body: [UInt8], _ isArray: Bool) throws -> [ChatEvent] {
        var decoder = GeminiStreamDecoder(dialect)
        var stream = body
        if isArray {
            stream = []
            for element in try #require(try JSONParser.parse(body, .request).array) {
                stream += bytes("data: \(element.text)\n\n")
            }
        }
        let steps = try decoder.feed(stream)
        return (steps + (try decoder.finish())).flatMap(\.events)
    }
}

private let own = ThoughtSignature(origin: .generateContent, value: "QUI=")
private let foreign = ThoughtSignature(origin: .messages, value: "Eq/+é")

/// What a stream adds up to.
private struct Told {
    var text = ""
    var thinking = ""
    var proofs: [ThoughtSignature] = []
    var calls: [ToolCall] = []
    var usage: TokenUsage?

    mutating func add(_ event: ChatEvent) {
        switch event {
        case .text(let text): self.text += text
        case .thinking(let text): thinking += text
        case .thinkingSignature(let proof): proofs.append(proof)
        case .toolCall(_, let id, let name, let signature):
            calls.append(ToolCall(id: id, name: name, arguments: .null, signature: signature))
        case .toolArguments(let index, let text): calls[index].arguments = toolArguments(text)
        case .usage(let usage): self.usage = usage.reported
        default: break
        }
    }
}
