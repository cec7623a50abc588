import Testing
import WeirCore
import WeirProviders

@Suite("Anthropic's streams of a strange kind")
struct MessagesHostileStreamTests {
    static let start =
        #"event: message_start\#ndata: {"type":"message_start","message":{"model":"m","usage":"#
        + #"{"input_tokens":3,"output_tokens":1}}}\#n\#n"#
    static let stop = "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"

    static func event(_ json: String) -> String { "event: x\ndata: \(json)\n\n" }

    private func steps(_ text: String) throws(ReplyDefect) -> [StreamStep] {
        try MessagesFixture.steps([bytes(text)])
    }

    @Test("count usage that grows without adding it up")
    func usageIsCumulative() throws {
        let body =
            Self.start
            + Self.event(#"{"type":"message_delta","delta":{},"usage":{"output_tokens":5}}"#)
            + Self.event(
                #"{"type":"message_delta","delta":{"stop_reason":"max_tokens"},"usage":"#
                    + #"{"input_tokens":4,"output_tokens":9,"cache_read_input_tokens":null}}"#)
            + Self.stop
        let events = try steps(body).flatMap(\.events)
        #expect(
            events == [
                .started(model: "m"), .usage(try tokens(3, 1)), .usage(try tokens(3, 5)),
                .finish(.length, stopSequence: nil), .usage(try tokens(4, 9)), .ended,
            ])
    }

    @Test("suspect counts that can't be true", arguments: impossibleCounts)
    func suspectsCounts(count: String) throws {
        let deltas = [
            #"{"output_tokens":\#(count)}"#, #"{"input_tokens":\#(count),"output_tokens":1}"#,
            #"{"output_tokens":1,"cache_read_input_tokens":\#(count)}"#, count,
        ]
        for delta in deltas where delta != "{}" {
            let json = #"{"type":"message_delta","delta":{},"usage":\#(delta)}"#
            let found = try steps(Self.start + Self.event(json) + Self.stop).flatMap(\.events)
            let isSuspect = found.contains { if case .usage(.suspect) = $0 { true } else { false } }
            #expect(isSuspect, "\(delta): \(found)")
        }
    }

    @Test("suspect a usage that is written twice, and one without its beginning")
    func suspectsTwice() throws {
        let usage = #""usage":{"output_tokens":5}"#
        let bodies = [
            Self.start + Self.event(#"{"type":"message_delta","delta":{},\#(usage),\#(usage)}"#),
            Self.start
                + Self.event(
                    #"{"type":"message_delta","delta":{},"usage":{"output_tokens":5,"#
                        + #""output_tokens":5}}"#
                ),
            Self.event(#"{"type":"message_delta","delta":{},\#(usage)}"#),
        ]
        for body in bodies {
            guard case .usage(.suspect)? = try steps(body).last?.events.last else {
                Issue.record("\(body)")
                continue
            }
        }
    }

    @Test(
        "tell the provider's errors by their type and never end",
        arguments: [
            ("overloaded_error", ProviderFailure.Kind.unavailable), ("api_error", .unavailable),
            ("rate_limit_error", .rateLimited), ("invalid_request_error", .badRequest),
            ("billing_error", .account), ("authentication_error", .account),
            ("timeout_error", .unknown), ("new_error", .unknown),
        ])
    func errors(type: String, kind: ProviderFailure.Kind) throws {
        let json =
            #"{"type":"error","error":{"type":"\#(type)","message":"at https://h.example/x"}}"#
        for name in ["error", "x"] {
            let found = try steps(
                Self.start + "event: \(name)\ndata: \(json)\n\n" + Self.stop)
            #expect(
                found.dropFirst().map(\.events) == [
                    [.failed(ProviderFailure(kind: kind, message: "at [redacted]"))], [],
                ])
            #expect(found.map(\.relay) == [.forward, .drop, .drop])
        }
    }

    @Test("keep back whatever a client could take for the end")
    func completingEvents() throws {
        for event in [
            "event: message_stop\ndata: {}\n\n", "data: {\"type\":\"message_stop\"}\n\n",
            "event: ping\ndata: {\"type\":\"message_stop\"}\n\n",
        ] {
            let found = try steps(Self.start + event + Self.event(#"{"type":"ping"}"#))
            #expect(found.map(\.relay) == [.forward, .withhold, .drop], "\(event)")
        }
    }

    @Test("forward what nobody knows, and say nothing about it")
    func unknownEvents() throws {
        let payloads = [
            #"{"type":"ping"}"#, #"{"type":"new_event","x":[1]}"#, #"{"no":"type"}"#,
            #"{"type":"content_block_start","index":0,"content_block":{"type":"server_tool_use"}}"#,
            #"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","#
                + #""partial_json":"{}"}}"#,
            #"{"type":"content_block_delta","index":0,"delta":{"type":"citations_delta","#
                + #""citation":{}}}"#,
            #"{"type":"content_block_stop","index":0}"#,
        ]
        for payload in payloads {
            let found = try steps(Self.start + Self.event(payload)).last
            #expect(found == StreamStep(name: "x", data: bytes(payload), events: []))
        }
        let quiet = try steps(": alive\n\n" + "event: x\ndata:\n\n")
        #expect(quiet == [.keepAlive, .keepAlive])
    }

    @Test("give a call without input an empty one")
    func emptyInput() throws {
        let call =
            #"{"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"t","#
            + #""name":"f","input":{}}}"#
        let empty =
            #"{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","#
            + #""partial_json":""}}"#
        let stop = #"{"type":"content_block_stop","index":2}"#
        let found = try steps(
            Self.start + [call, empty, stop, stop].map(Self.event).joined())
        #expect(
            found.dropFirst().map(\.events) == [
                [.toolCall(index: 0, id: "t", name: "f", signature: nil)], [],
                [.toolArguments(index: 0, "{}")], [],
            ])
    }

    @Test(
        "are no reply where an event can't be read; what came before still counts",
        arguments: [
            "x", "{", "[]", "7", "null", "\"s\"", #"{"type":"message_start"}"#,
            #"{"type":"message_start","message":[]}"#, #"{"type":"content_block_delta"}"#,
            #"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta"}}"#,
            #"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":7}}"#,
            #"{"type":"content_block_delta","index":1e9,"delta":{"type":"input_json_delta","#
                + #""partial_json":"x"}}"#,
            #"{"type":"content_block_start","index":0}"#,
            #"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use"}}"#,
            #"{"type":"content_block_start","index":9223372036854775808,"content_block":{"type":"#
                + #""tool_use","name":"f"}}"#,
            #"{"type":"content_block_stop","index":"0"}"#,
            String(repeating: "[", count: 200_000),
        ])
    func defects(payload: String) throws {
        let body = bytes(Self.start + Self.event(payload) + Self.stop)
        for pieces in [[body], body.count < 2_000 ? body.map { [$0] } : [body]] {
            var decoder = MessagesFixture.provider.replyStream(
                wire: .messages, includesUsage: false)
            var steps: [StreamStep] = []
            let found = #expect(throws: ReplyDefect.self) {
                for piece in pieces { steps += try decoder.feed(piece) }
                steps += try decoder.finish()
            }
            #expect(found?.usage == (try tokens(3, 1)))
            #expect(steps.flatMap(\.events) == [.started(model: "m"), .usage(try tokens(3, 1))])
        }
    }

    @Test("don't end before they start")
    func endsBeforeStart() {
        #expect(throws: ReplyDefect.self) { try steps(Self.stop) }
    }

    @Test("are read with a byte-order mark, with CRLF, CR, lone surrogates and lines in pieces")
    func oddText() throws {
        let delta =
            #"{"type":"content_block_delta","index":0,"#
            + #""delta":{"type":"text_delta","text":"\ud83d\ude00 \ud800 é"}}"#
        for end in ["\n", "\r\n", "\r"] {
            let body = (Self.start + Self.event(delta) + Self.stop)
                .replacing("\n", with: end)
            let events = try steps("\u{FEFF}" + body).flatMap(\.events)
            #expect(events.contains(.text("\u{1F600} \u{FFFD} é")))
            #expect(events.last == .ended)
        }
    }

    @Test("survive bytes changed, cut and repeated", arguments: 1...40)
    func survivesNoise(seed: UInt64) {
        let honest = bytes(
            Self.start
                + Self.event(
                    #"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","#
                        + #""id":"t","name":"f","input":{}}}"#)
                + Self.event(
                    #"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","#
                        + #""partial_json":"{\"a\":-1}"}}"#)
                + Self.event(#"{"type":"content_block_stop","index":0}"#)
                + Self.event(
                    #"{"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":"#
                        + #"{"input_tokens":37,"output_tokens":9}}"#) + Self.stop)
        var state = seed &* 0x9E37_79B9_7F4A_7C15
        for _ in 0..<50 {
            var body = honest
            for _ in 0..<3 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                let place = Int(state >> 33) % body.count
                switch state >> 13 & 3 {
                case 0: body[place] = UInt8(truncatingIfNeeded: state >> 21)
                case 1: body.remove(at: place)
                case 2:
                    body.insert(contentsOf: body.suffix(body.count - place).prefix(30), at: place)
                default: body.insert(Array("-9{}[]\",:\n\r".utf8)[Int(state >> 40) % 11], at: place)
                }
            }
            do {
                let found = try MessagesFixture.steps([body])
                let ends = found.flatMap(\.events).count { $0 == .ended }
                #expect(ends <= 1)
            } catch {
                #expect(!error.reason.isEmpty)
            }
        }
    }
}
