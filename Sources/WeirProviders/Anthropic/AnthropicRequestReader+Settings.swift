import WeirCore

extension AnthropicRequestReader {
    mutating func readSampling(
        of request: ClientObject, into chat: inout ChatRequest
    ) throws(WeirError) {
        chat.temperature = try request.decimal("temperature", in: 0...2)
        chat.topP = try request.decimal("top_p", in: 0...1)
        if let topK = try request.integer("top_k", in: 0...Int64(Int32.max)) {
            chat.topK = DecimalNumber(JSON(topK), in: 0...Double(Int32.max))
        }
        for (index, stop) in (try request.array("stop_sequences") ?? []).enumerated() {
            guard let text = stop.string else {
                throw request.error("stop_sequences[\(index)]", "must be a string")
            }
            chat.stop.append(text)
        }
        _ = try request.object("metadata")
    }

    /// Thinking and effort are two settings here and one elsewhere: what is said of both is
    /// carried where one of them says it all.
    mutating func readThinking(
        of request: ClientObject, into chat: inout ChatRequest
    ) throws(WeirError) {
        let output = try request.object("output_config")
        // `max` is above what other wires have words for.
        let word = try output?.text("effort")
        let effort = word.map { ReasoningEffort.word($0 == "max" ? "xhigh" : $0) }
        guard let thinking = try request.object("thinking") else {
            chat.reasoning = effort
            return
        }
        // How much of its thoughts the model shows has no bearing on the answer.
        note(thinking, but: ["budget_tokens", "display"])
        switch try thinking.required("type", try thinking.text("type")) {
        case "adaptive":
            chat.reasoning = effort ?? .adaptive
            return
        case "enabled":
            let budget = try thinking.integer("budget_tokens", in: 1...TokenUsage.largestCount)
            chat.reasoning = .tokens(try thinking.required("budget_tokens", budget))
        case "disabled": chat.reasoning = .word("none")
        default:
            chat.reasoning = .adaptive
            note([thinking.param("type")])
        }
        if word != nil { note(["output_config.effort"]) }
    }

    /// `output_format` is what betas called `output_config.format`.
    mutating func readFormat(
        of request: ClientObject, into chat: inout ChatRequest
    ) throws(WeirError) {
        let output = try request.object("output_config")
        if let output { note(output, but: ["effort", "format"]) }
        let older = try request.object("output_format")
        guard let format = try output?.object("format") ?? older else { return }
        guard try format.text("type") == "json_schema" else {
            throw format.error("type", "must be json_schema")
        }
        note(format, but: ["schema", "name"])
        let schema = try format.required("schema", try format.object("schema"))
        // The provider explains the format to the model in words of its own.
        countOverhead()
        countJSON(.object(schema.members))
        chat.format = .schema(
            name: try format.text("name"), schema: .object(schema.members), isStrict: nil)
    }
}
