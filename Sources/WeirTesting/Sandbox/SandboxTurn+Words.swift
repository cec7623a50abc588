extension SandboxTurn {
    /// The text word by word (a word keeps its space), in few enough pieces for a stream.
    var words: [String] { SandboxTurn.pieces(of: text) }

    static func pieces(of text: String) -> [String] {
        let bytes = text.utf8
        let smallest = max(1, bytes.count / SandboxLimits.streamEvents)
        var pieces: [String] = []
        var start = bytes.startIndex
        var at = start
        var length = 0
        while at < bytes.endIndex {
            if bytes[at] == 0x20, length >= smallest {
                pieces.append(String(text[start..<at]))
                start = at
                length = 0
            }
            at = bytes.index(after: at)
            length += 1
        }
        if start < bytes.endIndex { pieces.append(String(text[start...])) }
        return pieces
    }
}
