import WeirCore

/// What a model's name tells about how it is to be asked.
struct GeminiModel {
    let isPro: Bool
    /// `2.5` as 25. Names without a number, as `gemini-flash-latest`, stand for the newest.
    private let generation: Int

    init(_ name: ModelName) {
        let last = name.description.utf8.split(separator: UInt8(ascii: "/")).last.map(Array.init)
        let words = (last ?? []).split(separator: UInt8(ascii: "-")).map {
            String(decoding: $0, as: UTF8.self)
        }
        isPro = words.contains("pro")
        guard words.first == "gemini", words.count > 1 else {
            generation = 0
            return
        }
        let newest = words.contains("latest") ? Int.max : 0
        generation = GeminiModel.generation(Array(words[1].utf8)) ?? newest
    }

    /// Whether it thinks.
    var thinks: Bool { generation >= 25 }
    /// Whether its thinking is set by level, not by a budget of tokens.
    var hasLevels: Bool { generation >= 30 }
    /// Pro began with two levels.
    var hasMediumLevel: Bool { !isPro || generation >= 31 }
    /// Whether it refuses function calls in the history without a proof of the thoughts before
    /// them.
    var wantsSignatures: Bool { generation >= 30 }
    /// Whether it can be held to the schemas of functions which it need not call.
    var validatesCalls: Bool { generation >= 25 }

    /// Of `3` or `2.5`.
    private static func generation(_ word: [UInt8]) -> Int? {
        guard let major = word.first, isDigit(major) else { return nil }
        let tens = Int(major - UInt8(ascii: "0")) * 10
        if word.count == 1 { return tens }
        guard word.count == 3, word[1] == UInt8(ascii: "."), isDigit(word[2]) else { return nil }
        return tens + Int(word[2] - UInt8(ascii: "0"))
    }
}
