/// An answer before it is written in a protocol: text, finish, usage.
struct SandboxTurn: Sendable {
    enum Finish: Sendable, Equatable {
        case complete, length, tool
        /// Verbatim, as commanded.
        case given(String)
    }

    let call: SandboxCall
    let behaviour: SandboxBehaviour
    let text: String
    let finish: Finish
    /// The tool that is called instead of answering in text.
    let tool: String?
    let usage: SandboxUsage
    let identifier: SandboxIdentifier

    /// `{"echo":"…"}`, what a tool is called with.
    var arguments: String { "{\"echo\":\(SandboxJSON.quote(call.lastUserText.prefixed(200)))}" }

    /// What is thought aloud, where a provider shows it: as many tokens as are billed for
    /// it, up to a limit.
    var thoughts: String {
        let tokens = min(usage.reasoning, SandboxLimits.textBytes / 256)
        return String(repeating: "so, ", count: tokens)
    }

    var isEmpty: Bool { behaviour.has(.empty) }

    var report: SandboxUsageReport { .init(usage: usage, mode: behaviour.word(.usage)) }

    /// Makes the answer to a call: deterministic but for its identifier.
    init(_ call: SandboxCall, _ behaviour: SandboxBehaviour, _ identifier: SandboxIdentifier) {
        self.call = call
        self.behaviour = behaviour
        self.identifier = identifier
        let (text, isCut) = SandboxTurn.text(of: call, behaviour)
        let named = behaviour.word(.tool)
        tool = named.map { $0 == "*" ? call.firstTool ?? "sandbox_tool" : $0 }
        // Every choice repeats the text.
        self.text = text.prefixed(SandboxLimits.textBytes / max(1, call.choices))
        if let given = behaviour.word(.finish) {
            finish = .given(given)
        } else {
            finish = tool != nil ? .tool : isCut ? .length : .complete
        }
        let answer =
            tool == nil
            ? self.text : "{\"echo\":\(SandboxJSON.quote(call.lastUserText.prefixed(200)))}"
        let visible = behaviour.has(.empty) ? 0 : SandboxTokenizer.tokens(answer) * call.choices
        usage = SandboxUsage(call: call, visible: visible, behaviour)
    }

    /// The text, and whether the cap has cut it. Commanded sizes (`output_tokens`, `big`) ignore
    /// the cap, as a misbehaving provider would.
    private static func text(
        of call: SandboxCall, _ behaviour: SandboxBehaviour
    ) -> (String, Bool) {
        if !call.inputs.isEmpty { return ("", false) }
        var text = "Echo: " + call.lastUserText
        if call.wantsJSON { text = "{\"echo\":\(SandboxJSON.quote(call.lastUserText))}" }
        if let mebibytes = behaviour.number(.big) {
            return (filled(text, toBytes: mebibytes << 20), false)
        }
        if let tokens = behaviour.number(.outputTokens) {
            let bytes = min(tokens, SandboxLimits.textBytes / 16) * 4
            let exact = SandboxTokenizer.cut(filled(text, toBytes: bytes), toTokens: bytes / 4)
            return (exact, call.outputCap.map { tokens > $0 } ?? false)
        }
        guard let cap = call.outputCap else { return (text, false) }
        let cut = SandboxTokenizer.cut(text, toTokens: cap)
        return (cut, cut.utf8.count < text.utf8.count)
    }

    private static func filled(_ text: String, toBytes bytes: Int) -> String {
        let missing = bytes - text.utf8.count
        guard missing > 0 else { return text }
        return text + String(repeating: " echo", count: missing / 5 + 1).prefixed(missing)
    }
}

extension String {
    /// The first characters, up to so many bytes.
    fileprivate func prefixed(_ bytes: Int) -> String {
        if utf8.count <= bytes { return self }
        var end = utf8.index(utf8.startIndex, offsetBy: bytes)
        while end > startIndex, utf8[end] & 0xC0 == 0x80 { end = utf8.index(before: end) }
        return String(self[..<end])
    }
}
