/// E-mail addresses in ASCII.
enum EmailAddress {
    /// In the text's order, without overlaps.
    static func ranges(in text: [UInt8]) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var position = 0
        while let at = text[position...].firstIndex(of: UInt8(ascii: "@")) {
            position = at + 1
            let floor = ranges.last?.upperBound ?? 0
            guard let start = localStart(text, before: at, floor: floor),
                let end = domainEnd(text, after: at)
            else { continue }
            ranges.append(start..<end)
            position = end
        }
        return ranges
    }

    private static func localStart(_ text: [UInt8], before at: Int, floor: Int) -> Int? {
        var start = at
        while start > floor, at - start < 64, isLocal(text[start - 1]) { start -= 1 }
        // "...john@" and "--john@" begin at the letter.
        while start < at, !text[start].isLetterOrDigit, text[start] != UInt8(ascii: "_") {
            start += 1
        }
        return start < at ? start : nil
    }

    /// Labels of letters, digits and hyphens, at least two, the last one of letters.
    private static func domainEnd(_ text: [UInt8], after at: Int) -> Int? {
        var position = at + 1
        var labelStart = position
        var labels = 0
        var end: Int?
        while position <= text.count, position - at <= 255 {
            let byte = position < text.count ? text[position] : 0x20
            if byte.isLetterOrDigit || byte == UInt8(ascii: "-") {
                position += 1
                continue
            }
            guard position > labelStart, text[labelStart] != UInt8(ascii: "-") else { break }
            labels += 1
            if labels >= 2, let top = topLevelEnd(text, labelStart..<position) { end = top }
            guard byte == UInt8(ascii: ".") else { break }
            position += 1
            labelStart = position
        }
        return end
    }

    private static func topLevelEnd(_ text: [UInt8], _ label: Range<Int>) -> Int? {
        var end = label.upperBound
        while end > label.lowerBound, text[end - 1] == UInt8(ascii: "-") { end -= 1 }
        let name = text[label.lowerBound..<end]
        return name.count >= 2 && name.allSatisfy { $0.isLetterOrDigit && !$0.isDigit } ? end : nil
    }

    private static func isLocal(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "%"), UInt8(ascii: "+"),
            UInt8(ascii: "-"), UInt8(ascii: "'"):
            true
        default: byte.isLetterOrDigit
        }
    }
}
