/// What a call has used: the truth. Totals: `input` includes what was read from and written to
/// the cache, `output` includes reasoning.
struct SandboxUsage: Sendable, Equatable {
    var input = 0
    var output = 0
    var cached = 0
    var cacheWrite = 0
    var reasoning = 0

    init() {}

    /// Commanded counts win; totals grow to hold their parts.
    init(call: SandboxCall, visible: Int, _ behaviour: SandboxBehaviour) {
        cached = behaviour.number(.cachedTokens) ?? 0
        cacheWrite = behaviour.number(.cacheWriteTokens) ?? 0
        reasoning = behaviour.number(.reasoningTokens) ?? 0
        input = max(behaviour.number(.inputTokens) ?? call.inputTokens, cached + cacheWrite)
        output = max(behaviour.number(.outputTokens) ?? visible + reasoning, reasoning)
    }
}

/// Usage as it is told, which a behaviour may falsify.
struct SandboxUsageReport: Sendable {
    private let mode: String?
    let usage: SandboxUsage

    init(usage: SandboxUsage, mode: String?) {
        self.mode = mode
        self.usage = usage
        var told = usage
        if mode == "cached_over_input" { told.cached = told.input + 1_000 }
        if mode == "zero" { told = SandboxUsage() }
        self.told = told
    }

    /// The counts that are told, where they are numbers at all.
    let told: SandboxUsage

    /// Whether the client is given any counts.
    var isReported: Bool { mode != "absent" && mode != "null" }

    /// One count as JSON text.
    func count(_ value: Int, isOutput: Bool = false) -> String {
        switch mode {
        case "negative": "-\(value + 1_000)"
        case "huge": isOutput ? "1e30" : "9223372036854775808"
        case "fraction": "\(value).5"
        case "string": "\"\(value)\""
        default: String(value)
        }
    }

    /// `,"name":{…}` for the envelope, or what the behaviour makes of it.
    func member(_ name: String, _ fields: [(name: String, text: String)]) -> String {
        switch mode {
        case "absent": return ""
        case "null": return ",\"\(name)\":null"
        default: return ",\"\(name)\":{\(text(fields))}"
        }
    }

    private func text(_ fields: [(name: String, text: String)]) -> String {
        let once = fields.map { "\"\($0.name)\":\($0.text)" }.joined(separator: ",")
        guard mode == "duplicate" else { return once }
        return fields.map { "\"\($0.name)\":1" }.joined(separator: ",") + "," + once
    }
}
