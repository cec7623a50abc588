/// One fast look at a text: which of the slower steps it needs at all.
struct TextSurvey {
    let hasNonASCII: Bool
    /// C0 controls besides tab, line feed and carriage return; DEL. C1 counts as non-ASCII.
    let hasControls: Bool
    let hasAngle: Bool

    init(_ text: String) {
        self.init(bytes: Array(text.utf8))
    }

    init(bytes: [UInt8]) {
        var all: UInt8 = 0
        for byte in bytes { all |= TextSurvey.traits[Int(byte)] }
        hasNonASCII = all & 1 != 0
        hasControls = all & 2 != 0
        hasAngle = all & 4 != 0
    }

    private static let traits: [UInt8] = (0...255).map { byte in
        switch byte {
        case 0x80...: 1
        case 0x09, 0x0A, 0x0D: 0
        case 0x00..<0x20, 0x7F: 2
        case 0x3C: 4
        default: 0
        }
    }
}
