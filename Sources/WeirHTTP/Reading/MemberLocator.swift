/// Finds out which member of a document's outermost object a byte belongs to, so that an error in
/// the text can name the field at fault.
enum MemberLocator {
    /// The member's name; nil outside of one. Looks at the bytes before `offset` alone.
    static func member(in bytes: [UInt8], at offset: Int) -> String? {
        var scan = Scan()
        for byte in bytes.prefix(offset) { scan.take(byte) }
        let name = String(decoding: scan.name.prefix(64), as: UTF8.self)
        return name.isEmpty ? nil : shownName(name)
    }

    private struct Scan {
        var name: [UInt8] = []
        private var depth = 0
        private var isInString = false
        private var isEscaped = false
        /// Whether the next string at depth one is a member's name.
        private var expectsName = false

        mutating func take(_ byte: UInt8) {
            guard !isInString else { return takeInString(byte) }
            switch byte {
            case UInt8(ascii: "\""):
                isInString = true
                if depth == 1, expectsName { name = [] }
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                if depth == 1 { expectsName = byte == UInt8(ascii: "{") }
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: ":") where depth == 1: expectsName = false
            case UInt8(ascii: ",") where depth == 1:
                expectsName = true
                name = []
            default: break
            }
        }

        private mutating func takeInString(_ byte: UInt8) {
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                isInString = false
                return
            }
            if depth == 1, expectsName, name.count < 256 { name.append(byte) }
        }
    }
}
