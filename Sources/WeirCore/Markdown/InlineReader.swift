/// Cuts a paragraph's text into pieces, from its start to its end and once: what a bracket or a
/// backtick belongs to is found without looking at the same bytes again and again.
struct InlineReader {
    private let bytes: [UInt8]
    private var position = 0
    /// Where the text begins that is in no token yet.
    private var textStart = 0
    private var tokens: [InlineToken] = []
    /// Where brackets stand, in the tokens, that may still begin a link.
    private var brackets: [Int] = []
    private var backticks: BacktickRuns

    static func tokens(of bytes: [UInt8]) -> [InlineToken] {
        var reader = InlineReader(bytes)
        reader.read()
        return reader.tokens
    }

    private init(_ bytes: [UInt8]) {
        self.bytes = bytes
        backticks = BacktickRuns(bytes)
    }

    private mutating func read() {
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\\"): readEscape()
            case UInt8(ascii: "`"): readCode()
            case UInt8(ascii: "*"), UInt8(ascii: "_"), UInt8(ascii: "~"): readRun()
            case UInt8(ascii: "!"): readImage()
            case UInt8(ascii: "["): openBracket(length: 1)
            case UInt8(ascii: "]"): closeBracket()
            case UInt8(ascii: "<"): readAddress()
            case 0x20: readBlanks()
            default: position += 1
            }
        }
        flush(to: position)
    }

    /// A backslash takes a sign's meaning; at the end of a line it keeps the line's end.
    private mutating func readEscape() {
        guard position + 1 < bytes.count else { return position += 1 }
        let next = bytes[position + 1]
        if next == UInt8(ascii: "\n") {
            flush(to: position)
            tokens.append(.lineBreak)
            skip(to: position + 2)
        } else if next.isPunctuation {
            flush(to: position)
            skip(to: position + 1)
            position += 1
        } else {
            position += 1
        }
    }

    private mutating func readCode() {
        guard let run = backticks.run(at: position) else { return position += 1 }
        guard let close = run.close else { return position += run.length }
        flush(to: position)
        var code = bytes[(position + run.length)..<close]
        if code.first == 0x20, code.last == 0x20, code.contains(where: { $0 != 0x20 }) {
            code = code.dropFirst().dropLast()
        }
        tokens.append(.code(code))
        skip(to: close + run.length)
    }

    private mutating func readRun() {
        let mark = bytes[position]
        let end = bytes[position...].firstIndex { $0 != mark } ?? bytes.count
        let run = InlineRun(bytes, from: position, to: end)
        let isText =
            !run.canOpen && !run.canClose || run.count > InlineReader.longestRun
            || mark == UInt8(ascii: "~") && run.count != 2
        guard !isText else { return position = end }
        flush(to: position)
        tokens.append(.run(run))
        skip(to: end)
    }

    private mutating func readImage() {
        guard position + 1 < bytes.count, bytes[position + 1] == UInt8(ascii: "[") else {
            return position += 1
        }
        openBracket(length: 2)
    }

    /// A token of its own, so that a link can begin there.
    private mutating func openBracket(length: Int) {
        flush(to: position)
        brackets.append(tokens.count)
        skip(to: position + length)
        tokens.append(.text(bytes[(position - length)..<position]))
    }

    private mutating func closeBracket() {
        guard let start = brackets.popLast() else { return position += 1 }
        guard let target = LinkTarget(bytes, at: position + 1) else { return position += 1 }
        flush(to: position)
        tokens[start] = .linkStart(address: target.address)
        tokens.append(.linkEnd)
        // A link lies in no other.
        brackets = []
        skip(to: target.end)
    }

    /// `<https://…>`
    private mutating func readAddress() {
        let rest = bytes[(position + 1)...].prefix(LinkTarget.longest)
        let end = rest.firstIndex { $0.isBlank || "<>\n".utf8.contains($0) }
        guard let end, bytes[end] == UInt8(ascii: ">"),
            LinkTarget.isAllowed(bytes[(position + 1)..<end])
        else { return position += 1 }
        flush(to: position)
        let address = bytes[(position + 1)..<end]
        tokens += [.linkStart(address: address), .text(address), .linkEnd]
        brackets = []
        skip(to: end + 1)
    }

    /// Two and more before a line's end keep it; others before it are dropped.
    private mutating func readBlanks() {
        let end = bytes[position...].firstIndex { $0 != 0x20 } ?? bytes.count
        guard end < bytes.count, bytes[end] == UInt8(ascii: "\n") else { return position = end }
        flush(to: position)
        if end - position >= 2 {
            tokens.append(.lineBreak)
            skip(to: end + 1)
        } else {
            skip(to: end)
        }
    }

    private mutating func flush(to end: Int) {
        if textStart < end { tokens.append(.text(bytes[textStart..<end])) }
        textStart = end
    }

    private mutating func skip(to end: Int) {
        position = end
        textStart = end
    }

    /// A longer one is text: nobody emphasises so much.
    private static let longestRun = 8
}

/// The runs of backticks of a text, and which one ends the code that each begins.
private struct BacktickRuns {
    private var runs: [(start: Int, length: Int, close: Int?)] = []
    private var index = 0

    init(_ bytes: [UInt8]) {
        let mark = UInt8(ascii: "`")
        var position = 0
        while let start = bytes[position...].firstIndex(of: mark) {
            position = bytes[start...].firstIndex { $0 != mark } ?? bytes.count
            runs.append((start, position - start, nil))
        }
        var nearest: [Int: Int] = [:]
        for index in runs.indices.reversed() {
            runs[index].close = nearest[runs[index].length]
            nearest[runs[index].length] = runs[index].start
        }
    }

    /// Nil in the middle of one. Positions never go down.
    mutating func run(at position: Int) -> (length: Int, close: Int?)? {
        while index < runs.count, runs[index].start < position { index += 1 }
        guard index < runs.count, runs[index].start == position else { return nil }
        return (runs[index].length, runs[index].close)
    }
}
