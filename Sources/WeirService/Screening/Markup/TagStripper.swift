/// Takes HTML tags out of text. No input leaves a `<` behind that a browser would take for the
/// start of a tag, comment or declaration: that is what `script<ipt>`-like nesting plays on.
///
/// A tag ends at the first `>`; where a `<` comes first, or nothing, only the `<` goes and the rest
/// stays as text. What stood between two tags stays, a script's text included. An address in angle
/// brackets (`<https://…>`) loses the brackets alone.
struct TagStripper {
    private let input: [UInt8]
    private var output: [UInt8] = []
    private var removed = 0

    /// The text without tags, and how many `<` were taken. Linear; stripping twice changes nothing.
    static func strip(_ text: [UInt8]) -> (text: [UInt8], count: Int) {
        guard text.contains(UInt8(ascii: "<")) else { return (text, 0) }
        var stripper = TagStripper(text)
        stripper.run()
        return (stripper.output, stripper.removed)
    }

    private init(_ text: [UInt8]) {
        input = text
        output.reserveCapacity(text.count)
    }

    private mutating func run() {
        var position = 0
        while position < input.count {
            let byte = input[position]
            guard byte == UInt8(ascii: "<"), position + 1 < input.count,
                TagStripper.opens(input[position + 1])
            else {
                append(byte)
                position += 1
                continue
            }
            removed += 1
            position = skipTag(at: position)
        }
    }

    /// The position behind the tag that begins here, or behind its `<`.
    private mutating func skipTag(at start: Int) -> Int {
        var end = start + 1
        while end < input.count, input[end] != UInt8(ascii: ">"), input[end] != UInt8(ascii: "<") {
            end += 1
        }
        guard end < input.count, input[end] == UInt8(ascii: ">") else { return start + 1 }
        let inside = input[(start + 1)..<end]
        if TagStripper.schemes.contains(where: { inside.starts(with: $0) }) {
            for byte in inside { append(byte) }
        }
        return end + 1
    }

    /// A `<` that was harmless where it stood goes when a tag's start comes to stand behind it.
    private mutating func append(_ byte: UInt8) {
        while output.last == UInt8(ascii: "<"), TagStripper.opens(byte) {
            output.removeLast()
            removed += 1
        }
        output.append(byte)
    }

    private static func opens(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "/"), UInt8(ascii: "!"), UInt8(ascii: "?"):
            true
        default: false
        }
    }

    private static let schemes = ["https://", "http://", "mailto:"].map { Array($0.utf8) }
}
