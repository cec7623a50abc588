extension SandboxBehaviour {
    /// Reads `key=value,key=value`.
    init(text: String) throws(Unknown) {
        self.init()
        for pair in text.utf8.split(separator: UInt8(ascii: ",")) {
            let sides = pair.split(separator: UInt8(ascii: "="), maxSplits: 1)
            let name = sides.first.map { SandboxBehaviour.trimmed($0) } ?? ""
            try set(name, sides.count == 2 ? SandboxBehaviour.trimmed(sides[1]) : nil)
        }
    }

    /// Reads `{"key": value}`, or the text form as a JSON string.
    init(json: SandboxJSON) throws(Unknown) {
        self.init()
        switch json {
        case .string(let text):
            self = try SandboxBehaviour(text: text)
        case .object(let members):
            for member in members where member.value != .null {
                try set(member.key, member.value.string ?? member.value.text())
            }
        default:
            throw Unknown(reason: "behaviour is an object or a string")
        }
    }

    /// Reads the first `@sandbox{…}` of a prompt; empty if there is none.
    init(prompt: String) throws(Unknown) {
        self.init()
        let mark = Array("@sandbox{".utf8)
        let bytes = prompt.utf8
        guard bytes.count > mark.count, let start = SandboxBehaviour.end(of: mark, in: bytes),
            let end = bytes[start...].firstIndex(of: UInt8(ascii: "}"))
        else { return }
        self = try SandboxBehaviour(text: String(prompt[start..<end]))
    }

    private static func end(of mark: [UInt8], in bytes: String.UTF8View) -> String.Index? {
        var rest = bytes[...]
        while let start = rest.firstIndex(of: mark[0]) {
            rest = rest[start...]
            if rest.starts(with: mark) { return rest.index(start, offsetBy: mark.count) }
            rest = rest.dropFirst()
        }
        return nil
    }

    private static func trimmed(_ bytes: some BidirectionalCollection<UInt8>) -> String {
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x22 }
        let kept = bytes.drop(while: isSpace).reversed().drop(while: isSpace).reversed()
        return String(decoding: Array(kept), as: UTF8.self)
    }
}
