import WeirCore

extension HeaderField {
    /// Refuses what would not be one field in a head: names are tokens, values hold no control
    /// character but the tab.
    func checkForm() throws(RequestDefect) {
        guard name.isToken else { throw RequestDefect("a header's name is not a token") }
        guard value.utf8.allSatisfy({ $0 >= .space && $0 != 0x7F || $0 == .tab }) else {
            throw RequestDefect("the value of header \(name) holds a control character")
        }
    }
}

extension String {
    /// What methods and names of fields consist of.
    var isToken: Bool { !utf8.isEmpty && utf8.allSatisfy(String.isTokenByte) }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        if byte.isLetterOrDigit { return true }
        switch byte {
        case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "!"),
            UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"),
            UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "^"),
            UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
            return true
        default: return false
        }
    }
}
