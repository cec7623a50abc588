import WeirCore

extension ResponsesRequest {
    mutating func readFormat() throws(WeirError) -> OutputFormat? {
        guard let text = try object.object("text") else { return nil }
        tally.uncarried += text.others(than: ["format", "verbosity"])
        // Medium is what a model does anyway.
        if let verbosity = try text.text("verbosity"), verbosity != "medium" {
            tally.uncarried.append(text.param("verbosity"))
        }
        guard let format = try text.object("format") else { return nil }
        switch try format.required("type", try format.text("type")) {
        case "text": return nil
        case "json_object": return .json
        case "json_schema":
            tally.growth += JSON.object(format.members).escapeGrowth
            tally.uncarried += format.others(than: ["type", "name", "schema", "strict"])
            let schema = try format.required("schema", try format.object("schema"))
            return .schema(
                name: try format.text("name"), schema: .object(schema.members),
                isStrict: try format.bool("strict"))
        default:
            tally.uncarried.append(format.path)
            return nil
        }
    }

    /// A summary is given where there is one, whatever is asked; which earlier thoughts are read
    /// again is up to the provider that wrote them.
    mutating func readReasoning() throws(WeirError) -> ReasoningEffort? {
        guard let reasoning = try object.object("reasoning") else { return nil }
        let known: Set = ["effort", "summary", "generate_summary", "context", "mode"]
        tally.uncarried += reasoning.others(than: known)
        if let mode = try reasoning.text("mode"), mode != "standard" {
            throw reasoning.error("mode", "must be standard: others read the input many times over")
        }
        return try reasoning.text("effort").map(ReasoningEffort.word)
    }

    mutating func readToolChoice() throws(WeirError) -> ToolChoice? {
        guard let choice = object["tool_choice"] else { return nil }
        if let word = choice.string {
            switch word {
            case "auto": return .automatic
            case "none": return ToolChoice.none
            case "required": return .required
            default:
                throw object.error("tool_choice", "must be none, auto, required or an object")
            }
        }
        let named = try ClientObject(choice, path: "tool_choice")
        guard try named.required("type", try named.text("type")) == "function" else {
            tally.uncarried.append("tool_choice")
            return nil
        }
        return .named(try named.required("name", try named.text("name")))
    }
}
