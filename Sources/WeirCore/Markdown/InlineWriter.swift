/// Writes a paragraph's pieces as HTML, and finds what each run of stars emphasises.
///
/// A run that closes takes the nearest that opened with the same sign; what was open in between is
/// text. Each step takes a sign or an open run away, so that no text makes more of them than it has
/// signs.
struct InlineWriter {
    private let tokens: [InlineToken]
    private var uses: [Int: RunUse] = [:]
    /// Runs that are open, outermost first.
    private var open: [(token: Int, kind: Int)] = []
    /// How many of each kind are open and may be closed here.
    private var counts = [0, 0, 0]

    static func write(_ tokens: [InlineToken], to output: inout [UInt8]) {
        var writer = InlineWriter(tokens: tokens)
        writer.pair()
        writer.write(to: &output)
    }

    private init(tokens: [InlineToken]) { self.tokens = tokens }

    /// What became of a run: signs that stay, emphasis that it ends, in the order of writing, and
    /// that it begins, the innermost first.
    private struct RunUse {
        var left: Int
        var ends: [Emphasis] = []
        var begins: [Emphasis] = []
    }

    private enum Emphasis: String {
        case weak = "em"
        case strong = "strong"
        case deleted = "del"
    }

    private mutating func pair() {
        var outer: (count: Int, counts: [Int]) = (0, [])
        for (index, token) in tokens.enumerated() {
            switch token {
            case .text, .code, .lineBreak: continue
            case .linkStart:
                outer = (open.count, counts)
                counts = [0, 0, 0]
            case .linkEnd:
                open.removeLast(open.count - outer.count)
                counts = outer.counts
            case .run(let run): pair(run, at: index)
            }
        }
    }

    private mutating func pair(_ run: InlineRun, at index: Int) {
        let kind = InlineWriter.kind(run.mark)
        var use = RunUse(left: run.count)
        while run.canClose, use.left > 0, counts[kind] > 0, let last = open.last {
            guard last.kind == kind, case .run(let opener) = tokens[last.token],
                var opening = uses[last.token]
            else {
                close()
                continue
            }
            guard InlineWriter.fit(opener, run) else {
                // It may be the beginning of what another one ends.
                if run.canOpen { break }
                close()
                continue
            }
            let length = min(use.left, opening.left, 2)
            let emphasis: Emphasis =
                kind == InlineWriter.kind(UInt8(ascii: "~"))
                ? .deleted : length == 2 ? .strong : .weak
            use.left -= length
            use.ends.append(emphasis)
            opening.left -= length
            opening.begins.append(emphasis)
            uses[last.token] = opening
            if opening.left == 0 { close() }
        }
        if run.canOpen, use.left > 0, open.count < InlineWriter.deepest {
            open.append((index, kind))
            counts[kind] += 1
        }
        uses[index] = use
    }

    private mutating func close() {
        if let last = open.popLast() { counts[last.kind] -= 1 }
    }

    /// CommonMark's rule of three, by which `**a*b**` is strong as a whole.
    private static func fit(_ opener: InlineRun, _ closer: InlineRun) -> Bool {
        guard opener.canClose || closer.canOpen else { return true }
        return (opener.count + closer.count) % 3 != 0
            || opener.count % 3 == 0 && closer.count % 3 == 0
    }

    private static func kind(_ mark: UInt8) -> Int {
        switch mark {
        case UInt8(ascii: "*"): 0
        case UInt8(ascii: "_"): 1
        default: 2
        }
    }

    private func write(to output: inout [UInt8]) {
        for (index, token) in tokens.enumerated() {
            switch token {
            case .text(let text): HTMLEscaping.append(text, to: &output)
            case .lineBreak: output += Array("<br>\n".utf8)
            case .code(let code):
                output += Array("<code>".utf8)
                HTMLEscaping.append(code, to: &output)
                output += Array("</code>".utf8)
            case .linkStart(let address):
                output += Array("<a rel=\"noopener noreferrer nofollow\" href=\"".utf8)
                HTMLEscaping.append(address, to: &output)
                output += Array("\">".utf8)
            case .linkEnd: output += Array("</a>".utf8)
            case .run(let run):
                guard let use = uses[index] else { continue }
                for emphasis in use.ends { output += Array("</\(emphasis.rawValue)>".utf8) }
                output += Array(repeating: run.mark, count: use.left)
                for emphasis in use.begins.reversed() {
                    output += Array("<\(emphasis.rawValue)>".utf8)
                }
            }
        }
    }

    /// Emphasis in emphasis.
    private static let deepest = 16
}
