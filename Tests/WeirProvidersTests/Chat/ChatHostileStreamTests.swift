import Testing
import WeirCore

@testable import WeirProviders

@Suite("Chat streams, odd and hostile")
struct ChatHostileStreamTests {
    @Test("tell calls apart however a server numbers them")
    func tellsCallsApart() throws {
        let cases: [(String, [String], [ChatFold.Call])] = [
            (
                "OpenAI's pieces, two calls in turn",
                [
                    #"{"index":0,"id":"a","function":{"name":"f","arguments":""}}"#,
                    #"{"index":0,"function":{"arguments":"{\"x\":"}}"#,
                    #"{"index":1,"id":"b","function":{"name":"g","arguments":"[]"}}"#,
                    #"{"index":0,"function":{"arguments":"1}"}}"#,
                ], [call("a", "f", #"{"x":1}"#), call("b", "g", "[]")]
            ),
            (
                "whole calls, all with index 0, one with a proof",
                [
                    #"{"index":0,"id":"a","function":{"name":"f","arguments":"1"},"#
                        + #""extra_content":{"google":{"thought_signature":"S"}}}"#,
                    #"{"index":0,"id":"b","function":{"name":"f","arguments":"2"}}"#,
                ], [call("a", "f", "1", "S"), call("b", "f", "2")]
            ),
            (
                "no index",
                [
                    #"{"id":"a","function":{"name":"f"}}"#, #"{"function":{"arguments":"1"}}"#,
                    #"{"function":{"name":"g","arguments":"2"}}"#,
                ], [call("a", "f", "1"), call(nil, "g", "2")]
            ),
            (
                "id and name in every piece",
                [
                    #"{"index":7,"id":"a","function":{"name":"f","arguments":"1"}}"#,
                    #"{"index":7,"id":"a","function":{"name":"f","arguments":"2"}}"#,
                    #"{"index":7,"id":"","function":{"name":"f","arguments":"3"}}"#,
                ], [call("a", "f", "123")]
            ),
            (
                "numbers out of range, arguments as they are, another kind",
                [
                    #"{"index":9223372036854775807,"id":"a","function":{"name":"f"}}"#,
                    #"{"index":-1,"id":"b","function":{"name":"g","arguments":{"x":1}}}"#,
                    #"{"index":1e99,"id":"c","custom":{"name":"h","input":"raw"}}"#,
                ], [call("a", "f", ""), call("b", "g", #"{"x":1}"#), call("c", "h", "raw")]
            ),
        ]
        for (title, pieces, expected) in cases {
            let deltas = pieces.map { delta(#""tool_calls":[\#($0)]"#) }
            let fold = ChatFold(try read(deltas + [finish("stop"), "[DONE]"]))
            #expect(fold.calls == expected, "\(title)")
            #expect(fold.finish == .toolCalls && fold.hasEnded, "\(title)")
        }
    }

    @Test("tell text, refusals and thoughts in all their places")
    func tellsText() throws {
        let fold = ChatFold(
            try read([
                delta(#""role":"assistant","content":null,"refusal":null"#),
                delta(#""reasoning_content":"a","content":"x""#),
                delta(#""reasoning":"b""#), delta(#""reasoning_content":"","reasoning":null"#),
                delta(
                    #""content":[{"type":"thinking","thinking":[{"type":"text","text":"c"}]},"#
                        + #"{"type":"text","text":"y"}]"#), delta(#""refusal":"no""#),
                finish("stop"), "[DONE]",
            ]))
        #expect(fold.text == "xyno" && fold.thinking == "abc")
        #expect(fold.finish == .contentFilter && fold.hasEnded && fold.model == "m")
    }

    @Test("count what further choices say, and end with the first")
    func readsChoices() throws {
        let fold = ChatFold(
            try read([
                #"{"choices":[{"index":0,"delta":{"content":"a"}},{"index":1,"delta":{"content":"#
                    + #""b"}}]}"#,
                #"{"choices":[{"index":1,"delta":{"tool_calls":[{"index":0,"id":"c","function":{"#
                    + #""name":"f"}}]},"finish_reason":"length"}]}"#,
                #"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#, "[DONE]",
            ]))
        #expect(fold.text == "ab" && fold.calls.count == 1 && fold.finish == .stop)
    }

    @Test("are held back once no choice is left open")
    func holdsTheFinish() throws {
        let steps = try read([
            #"{"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":""}]}"#,
            #"{"choices":[{"index":1,"delta":{"content":"b"},"finish_reason":null}]}"#,
            #"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#,
            #"{"choices":[{"index":1,"delta":{"content":"c"}}]}"#,
            #"{"choices":[{"index":1,"delta":{},"finish_reason":"length"}]}"#,
            #"{"choices":[{"index":0,"delta":{}}],"usage":{}}"#, "[DONE]",
        ])
        #expect(
            steps.map(\.relay) == [
                .forward, .forward, .forward, .forward, .withhold, .withhold, .withhold,
            ])
    }

    @Test("read usage wherever it stands, the last one wins, and remember the tier")
    func readsUsage() throws {
        let first = #"{"prompt_tokens":5,"completion_tokens":1}"#
        let last = #"{"prompt_tokens":5,"completion_tokens":2}"#
        let steps = try read([
            #"{"service_tier":"flex","choices":[{"delta":{"content":"a"}}],"usage":\#(first)}"#,
            #"{"choices":[{"delta":{},"finish_reason":"stop"}],"usage":\#(last)}"#, "[DONE]",
        ])
        let expected = try tokens(5, 2, tier: .flex)
        #expect(ChatFold(steps).usage == expected)
        #expect(steps.map(\.relay) == [.forward, .withhold, .withhold])
        for count in impossibleCounts {
            let steps = try read([
                #"{"choices":[],"usage":{"prompt_tokens":\#(count),"completion_tokens":1}}"#
            ])
            #expect(ChatFold(steps).usage.isSuspect && steps[0].relay == .drop, "\(count)")
        }
        #expect(ChatFold(try read([#"{"choices":[],"usage":null}"#])).usage == .absent)
    }

    @Test("end with an error of the provider's own, and with nothing behind it")
    func readsErrors() throws {
        let cases: [(String?, String, ProviderFailure.Kind, String)] = [
            (nil, #"{"error":{"message":"busy","code":503}}"#, .unavailable, "busy"),
            (nil, #"{"error":{"message":"slow","status_code":429}}"#, .rateLimited, "slow"),
            (nil, #"{"error":{"message":"bad","type":"server_error"}}"#, .unknown, "bad"),
            (nil, #"{"error":"plain"}"#, .unknown, "plain"),
            (nil, #"{"error":{}}"#, .unknown, "provider answered 502"),
            (
                nil, #"{"error":{"code":"insufficient_quota","status_code":429,"message":"x"}}"#,
                .account, "x"
            ),
            ("error", #"{"message":"named"}"#, .unknown, "named"),
            (
                nil, #"{"error":{"message":"key sk-abcdef1234567890 at https://h.example/x"}}"#,
                .unknown, "key [redacted] at [redacted]"
            ),
            (
                nil,
                #"{"choices":[{"delta":{"content":""},"finish_reason":"error"}],"error":{"#
                    + #""code":502,"message":"gone"}}"#, .unknown, "gone"
            ),
        ]
        for (name, body, kind, message) in cases {
            var decoder = ChatStreamDecoder(OpenAIDialect(), includesUsage: true)
            let event = (name.map { "event: \($0)\n" } ?? "") + "data: \(body)\n\n"
            let steps = try decoder.feed(
                bytes(event + "data: \(delta(#""content":"x""#))\n\ndata: [DONE]\n\n"))
            let failure = ProviderFailure(kind: kind, message: message)
            #expect(steps[0].events == [.failed(failure)] && steps[0].relay == .drop, "\(body)")
            #expect(steps.dropFirst().allSatisfy { $0.events.isEmpty && $0.relay == .drop })
        }
    }

    @Test("tell nothing behind the end")
    func nothingBehindTheEnd() throws {
        let steps = try read(["[DONE]", delta(#""content":"more""#), "[DONE]", "{broken"])
        #expect(steps.flatMap(\.events) == [.ended])
        #expect(steps.map(\.relay) == [.withhold, .drop, .drop, .drop])
    }

    @Test("keep the connection alive with comments and empty events")
    func keepsAlive() throws {
        var decoder = ChatStreamDecoder(OpenAIDialect(), includesUsage: false)
        let steps = try decoder.feed(bytes(": keep-alive\n\n:\r\ndata:\n\ndata: \n\nevent: x\n\n"))
        #expect(steps == Array(repeating: .keepAlive, count: 4))
    }

    @Test("go on with events that nobody knows")
    func forwardsUnknown() throws {
        let filter = #"{"choices":[],"prompt_filter_results":[{"a":1}]}"#
        let steps = try read([filter, #"{"object":"new.thing"}"#])
        #expect(steps.map(\.relay) == [.forward, .forward])
        #expect(steps[0].data == bytes(filter))
        #expect(steps.flatMap(\.events) == [.started(model: nil)])
    }

    @Test(
        "are defects where they can't be read, and keep their usage",
        arguments: [
            "{", "[]", "7", "\"a\"", "{\"a\":1}}", #"{"choices":{}}"#, #"{"choices":[7]}"#,
            #"{"choices":[{"delta":{"content":7}}]}"#,
            #"{"choices":[{"delta":{"content":["a"]}}]}"#,
            #"{"choices":[{"delta":{"tool_calls":{}}}]}"#,
            #"{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a"}]}}]}"#,
            #"{"choices":[{"delta":{"tool_calls":[7]}}]}"#,
        ])
    func defects(data: String) throws {
        let usage = #","usage":{"prompt_tokens":1,"completion_tokens":2}}"#
        let bodies = data.hasPrefix(#"{"choices"#) ? [data, data.dropLast() + usage] : [data]
        for body in bodies {
            do throws(ReplyDefect) {
                var decoder = ChatStreamDecoder(OpenAIDialect(), includesUsage: false)
                _ = try decoder.feed(bytes("data: \(body)\n\n"))
                Issue.record("\(body) is read")
            } catch {
                let expected = body.contains("usage") ? try tokens(1, 2) : .absent
                #expect(error.usage == expected)
            }
        }
    }

    @Test("bear deep nesting, lone surrogates, long events and noise")
    func survives() throws {
        let deep = String(repeating: "[", count: 100_000)
        #expect(throws: ReplyDefect.self) { try read([#"{"x":\#(deep)"#]) }
        let lone = ChatFold(try read([delta(#""content":"a\ud800b""#)]))
        #expect(lone.text == "a\u{FFFD}b")
        var decoder = ChatStreamDecoder(OpenAIDialect(), includesUsage: false)
        #expect(throws: ReplyDefect.self) {
            for _ in 0..<20 { _ = try decoder.feed(Array(repeating: 0x61, count: 1 << 20)) }
        }
        let honest = "data: \(delta(#""content":"a","tool_calls":[{"id":"a"}]"#))\n\n"
        for seed in 0..<300 {
            var dice = ChatDice(seed: UInt64(seed))
            var noisy = bytes(honest)
            for _ in 0..<4 { noisy[dice.below(noisy.count)] = UInt8(dice.below(256)) }
            var decoder = ChatStreamDecoder(OpenAIDialect(), includesUsage: false)
            do throws(ReplyDefect) {
                #expect(!ChatFold(try decoder.feed(noisy) + decoder.finish()).hasEnded)
            } catch {
                #expect(!error.reason.isEmpty)
            }
        }
    }

    private func read(_ events: [String]) throws -> [StreamStep] {
        var decoder = ChatStreamDecoder(OpenAIDialect(), includesUsage: false)
        let body = events.map { "data: \($0)\n\n" }.joined()
        return try decoder.feed(bytes(body)) + decoder.finish()
    }

    private func delta(_ members: String) -> String {
        #"{"model":"m","choices":[{"index":0,"delta":{\#(members)},"finish_reason":null}]}"#
    }

    private func finish(_ word: String) -> String {
        #"{"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"\#(word)"}]}"#
    }

    private func call(
        _ id: String?, _ name: String, _ arguments: String, _ proof: String? = nil
    ) -> ChatFold.Call {
        ChatFold.Call(
            id: id, name: name, arguments: arguments,
            signature: proof.map { ThoughtSignature(origin: .chatCompletions, value: $0) })
    }
}
