extension SandboxJSON {
    /// The value as JSON text without white space; `sorted` makes equal values equal texts.
    func text(sorted: Bool = false) -> String {
        var out = ""
        write(into: &out, sorted: sorted)
        return out
    }

    /// A string as JSON text, in quotes.
    static func quote(_ text: String) -> String {
        let needsEscape = text.utf8.contains { $0 < 0x20 || $0 == 0x22 || $0 == 0x5C }
        guard needsEscape else { return "\"\(text)\"" }
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\r": out += "\\r"
            case "\t": out += "\\t"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                out += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }

    /// A string as JSON text, or `null`.
    static func quote(_ text: String?) -> String {
        text.map { quote($0) } ?? "null"
    }

    private func write(into out: inout String, sorted: Bool) {
        switch self {
        case .null: out += "null"
        case .bool(let value): out += value ? "true" : "false"
        case .integer(let value): out += String(value)
        case .number(let value):
            // 1.0 and 1 are one value.
            if let whole = Int(exactly: value) { out += String(whole) } else { out += "\(value)" }
        case .string(let text): out += SandboxJSON.quote(text)
        case .array(let items):
            out += "["
            for (index, item) in items.enumerated() {
                if index > 0 { out += "," }
                item.write(into: &out, sorted: sorted)
            }
            out += "]"
        case .object(let members):
            out += "{"
            let ordered = sorted ? members.sorted { $0.key < $1.key } : members
            for (index, member) in ordered.enumerated() {
                if index > 0 { out += "," }
                out += SandboxJSON.quote(member.key) + ":"
                member.value.write(into: &out, sorted: sorted)
            }
            out += "}"
        }
    }
}
