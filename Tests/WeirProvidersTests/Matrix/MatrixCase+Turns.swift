import WeirCore

extension MatrixCase {
    static var toolAnswers: [MatrixCase] {
        let picture = ChatMedia(source: .base64("iVBORw0KGgo="), mediaType: "image/png")
        return [
            answered("tool-answer", [result("call_1", [.text("rain")])]),
            answered("tool-answer-error", [result("call_1", [.text("no such city")], true)]),
            answered(
                "tool-answer-picture", [result("call_1", [.text("a map"), .image(picture)])]),
            answered(
                "tool-answers-parallel",
                [result("call_1", [.text("rain")]), result("call_2", [.text("sun")])]),
            answered(
                "tool-answer-and-words", [result("call_1", [.text("rain")]), .text("Hurry up.")]),
        ]
    }

    /// A question, one call for each answer, the answers.
    private static func answered(_ name: String, _ answers: [ChatPart]) -> MatrixCase {
        let calls = answers.compactMap { part -> ChatPart? in
            guard case .toolResult(let result) = part else { return nil }
            return call(result.callID ?? "")
        }
        return MatrixCase(
            name, [.user("How is it?"), said(calls), ChatMessage(role: .user, parts: answers)]
        ) { $0.tools = [weather] }
    }

    private static func said(_ parts: [ChatPart]) -> ChatMessage {
        ChatMessage(role: .assistant, parts: parts)
    }

    private static func call(_ id: String, _ signature: ThoughtSignature? = nil) -> ChatPart {
        .toolCall(
            ToolCall(
                id: id, name: "get_weather", arguments: ["city": .string("city of \(id)")],
                signature: signature))
    }

    private static func result(
        _ id: String, _ content: [ChatPart], _ isError: Bool = false
    ) -> ChatPart {
        .toolResult(
            ToolResult(callID: id, name: "get_weather", content: content, isError: isError))
    }

    /// Thoughts with a call, its answer, and thinking asked for again. No wire takes another's
    /// proofs.
    static var thoughts: [MatrixCase] {
        func turn(_ name: String, _ thoughts: [ChatPart], _ mark: ThoughtSignature? = nil)
            -> MatrixCase
        {
            MatrixCase(
                name,
                [
                    .user("How is it?"), said(thoughts + [call("call_1", mark)]),
                    .user(result("call_1", [.text("rain")])),
                ]
            ) {
                $0.tools = [weather]
                $0.reasoning = .tokens(2_048)
            }
        }
        func proof(_ wire: Wire, _ value: String) -> ThoughtSignature {
            ThoughtSignature(origin: wire, value: value)
        }
        let claude = Thinking(text: "Rain?", signature: proof(.messages, "c2ln"))
        let hidden = Thinking(text: "", redacted: proof(.messages, "aGlkZGVu"))
        let sealed = Thinking(text: "Rain?", signature: proof(.responses, "gAAAAB"))
        return [
            turn("thinking-of-messages", [.thinking(claude), .thinking(hidden)]),
            turn("thinking-of-responses", [.thinking(sealed)]),
            turn("thinking-of-gemini", [], proof(.generateContent, "R2Vt")),
            turn("thinking-without-proof", [.thinking(Thinking(text: "Rain?"))]),
        ]
    }

    static var settings: [MatrixCase] {
        func number(_ text: String) -> DecimalNumber? {
            DecimalNumber(.number(text), in: -1_000_000...1_000_000)
        }
        return [
            MatrixCase("format-json") { $0.format = .json },
            MatrixCase("format-schema") {
                $0.format = .schema(name: "place", schema: schema, isStrict: nil)
            },
            MatrixCase("format-schema-strict") {
                $0.format = .schema(name: "place", schema: schema, isStrict: true)
            },
            MatrixCase("reasoning-high") { $0.reasoning = .word("high") },
            MatrixCase("reasoning-minimal") { $0.reasoning = .word("minimal") },
            MatrixCase("reasoning-none") { $0.reasoning = .word("none") },
            MatrixCase("reasoning-budget") { $0.reasoning = .tokens(2_048) },
            MatrixCase("reasoning-adaptive") { $0.reasoning = .adaptive },
            MatrixCase("stop") { $0.stop = ["END", "\n\n"] },
            MatrixCase("temperature") { $0.temperature = number("0.70") },
            MatrixCase("top-p") { $0.topP = number("0.9") },
            MatrixCase("top-k") { $0.topK = number("40") },
            MatrixCase("penalties") {
                $0.frequencyPenalty = number("0.5")
                $0.presencePenalty = number("-0.5")
            },
            MatrixCase("seed") { $0.seed = number("7") },
        ]
    }
}
