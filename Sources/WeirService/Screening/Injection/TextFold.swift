/// Brings a copy of a text to the form in which phrases are compared: compatibility equivalents
/// (NFKC's), marks and invisible characters dropped, look-alikes made Latin, lower case.
///
/// Scalar by scalar out of a table: without marks, normalising each scalar is normalising the
/// text. Foundation normalises whole texts too, but sorts runs of marks in quadratic time: half a
/// second for 64 KB of them. It only fills the table, once in a process.
struct TextFold: Sendable {
    static let shared = TextFold()

    /// Where the page of a scalar's upper bits starts in `entries`; nil pages map to themselves.
    private var pages: [Int32]
    /// 0 drops the scalar; a plain value is the scalar; above `expansion` lies an index.
    private var entries: [UInt32] = []
    private var expansions: [[UInt8]] = []

    private static let expansion: UInt32 = 1 << 31
    private static let limit: UInt32 = 0x30000
    static let blank: UInt32 = 0x20

    /// The text's bytes, folded. At most four bytes for each of its own.
    func fold(_ text: String) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            let value = scalar.value
            if value < 0x80 {
                result.append(TextFold.foldedASCII[Int(value)])
            } else {
                append(value, to: &result)
            }
        }
        return result
    }

    private func append(_ value: UInt32, to result: inout [UInt8]) {
        guard value < TextFold.limit else {
            // Tags, the second set of variation selectors: dropped. Private use parts words.
            if value >= 0xF0000 { result.append(UInt8(TextFold.blank)) }
            return
        }
        let page = pages[Int(value >> 8)]
        let entry = page < 0 ? value : entries[Int(page) + Int(value & 0xFF)]
        if entry >= TextFold.expansion {
            result.append(contentsOf: expansions[Int(entry - TextFold.expansion)])
        } else if entry != 0 {
            appendUTF8(entry, to: &result)
        }
    }

    /// Lower case; digits that pass for letters, and `l`, which passes for `i`, in both.
    static let foldedASCII: [UInt8] = (0..<128).map { byte in
        switch UInt8(byte) {
        case UInt8(ascii: "0"): UInt8(ascii: "o")
        case UInt8(ascii: "1"), UInt8(ascii: "l"), UInt8(ascii: "L"): UInt8(ascii: "i")
        case UInt8(ascii: "3"): UInt8(ascii: "e")
        case UInt8(ascii: "4"): UInt8(ascii: "a")
        case UInt8(ascii: "5"): UInt8(ascii: "s")
        case UInt8(ascii: "7"): UInt8(ascii: "t")
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt8(byte) + 0x20
        default: UInt8(byte)
        }
    }

    private init() {
        pages = Array(repeating: -1, count: Int(TextFold.limit >> 8))
        let foldings = TextFold.normalised()
        for page in Set(foldings.keys.map { Int($0 >> 8) }).sorted() { fill(page: page, foldings) }
    }

    private mutating func fill(page: Int, _ foldings: [UInt32: [UInt32]]) {
        pages[page] = Int32(entries.count)
        for low in 0..<256 {
            let value = UInt32(page << 8 | low)
            let folded = foldings[value] ?? [value]
            switch folded.count {
            case 0: entries.append(0)
            case 1: entries.append(folded[0])
            default:
                var bytes: [UInt8] = []
                for scalar in folded { appendUTF8(scalar, to: &bytes) }
                entries.append(TextFold.expansion + UInt32(expansions.count))
                expansions.append(bytes)
            }
        }
    }
}

private func appendUTF8(_ value: UInt32, to bytes: inout [UInt8]) {
    switch value {
    case ..<0x80: bytes.append(UInt8(value))
    case ..<0x800:
        bytes.append(UInt8(0xC0 | value >> 6))
        bytes.append(UInt8(0x80 | value & 0x3F))
    case ..<0x10000:
        bytes.append(UInt8(0xE0 | value >> 12))
        bytes.append(UInt8(0x80 | value >> 6 & 0x3F))
        bytes.append(UInt8(0x80 | value & 0x3F))
    default:
        bytes.append(UInt8(0xF0 | value >> 18 & 0x07))
        bytes.append(UInt8(0x80 | value >> 12 & 0x3F))
        bytes.append(UInt8(0x80 | value >> 6 & 0x3F))
        bytes.append(UInt8(0x80 | value & 0x3F))
    }
}
