/// The bytes that URLs and HTTP heads are made of.
extension UInt8 {
    static let tab: UInt8 = 0x09
    static let lineFeed: UInt8 = 0x0A
    static let carriageReturn: UInt8 = 0x0D
    static let space: UInt8 = 0x20
    static let hash: UInt8 = 0x23
    static let percent: UInt8 = 0x25
    static let comma: UInt8 = 0x2C
    static let hyphen: UInt8 = 0x2D
    static let dot: UInt8 = 0x2E
    static let slash: UInt8 = 0x2F
    static let zero: UInt8 = 0x30
    static let colon: UInt8 = 0x3A
    static let equals: UInt8 = 0x3D
    static let question: UInt8 = 0x3F
    static let at: UInt8 = 0x40
    static let openBracket: UInt8 = 0x5B
    static let closeBracket: UInt8 = 0x5D
    static let underscore: UInt8 = 0x5F

    var isDigit: Bool { self &- .zero < 10 }
    var isLetterOrDigit: Bool { isDigit || (self | 0x20) &- 0x61 < 26 }
    var isHexadecimal: Bool { isDigit || (self | 0x20) &- 0x61 < 6 }
    var lowercased: UInt8 { self &- 0x41 < 26 ? self | 0x20 : self }
}

extension String {
    /// Equality of ASCII without regard to case. `other` is in lower case.
    func isSameIgnoringCase(as other: StaticString) -> Bool {
        let count = other.utf8CodeUnitCount
        guard utf8.count == count else { return false }
        return other.withUTF8Buffer { expected in
            var index = 0
            for byte in utf8 {
                guard unsafe byte.lowercased == expected[index] else { return false }
                index += 1
            }
            return true
        }
    }
}
