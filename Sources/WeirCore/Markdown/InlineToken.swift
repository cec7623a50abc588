/// A piece of a paragraph's text.
enum InlineToken {
    case text(ArraySlice<UInt8>)
    case code(ArraySlice<UInt8>)
    case lineBreak
    /// Of `*`, `_` or `~`: emphasis, once it is known what with.
    case run(InlineRun)
    case linkStart(address: ArraySlice<UInt8>)
    case linkEnd
}

struct InlineRun {
    let mark: UInt8
    let count: Int
    let canOpen: Bool
    let canClose: Bool

    /// What a run may mean by what stands around it, as CommonMark has it, with letters beyond
    /// ASCII taken for letters.
    ///
    /// - Parameter end: behind it.
    init(_ bytes: [UInt8], from start: Int, to end: Int) {
        mark = bytes[start]
        count = end - start
        let before = start > 0 ? bytes[start - 1] : 0x20
        let after = end < bytes.count ? bytes[end] : 0x20
        let isLeft =
            !isSpace(after) && (!after.isPunctuation || isSpace(before) || before.isPunctuation)
        let isRight =
            !isSpace(before) && (!before.isPunctuation || isSpace(after) || after.isPunctuation)
        if mark == UInt8(ascii: "_") {
            canOpen = isLeft && (!isRight || before.isPunctuation)
            canClose = isRight && (!isLeft || after.isPunctuation)
        } else {
            canOpen = isLeft
            canClose = isRight
        }
    }
}

private func isSpace(_ byte: UInt8) -> Bool { byte.isBlank || byte == UInt8(ascii: "\n") }
