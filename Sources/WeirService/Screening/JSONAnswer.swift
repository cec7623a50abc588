import WeirCore

/// The JSON object that a model's answer is, or that stands in its code fence.
struct JSONAnswer {
    let value: JSON
    private let text: [UInt8]
    private let range: Range<Int>

    init(_ answer: String) throws(WeirError) {
        let bytes = Array(answer.utf8)
        let range = JSONAnswer.objectRange(in: bytes)
        let value: JSON
        do throws(JSONError) {
            value = try JSONParser.parse(Array(bytes[range]), JSONAnswer.limits)
        } catch {
            throw WeirError(
                .unsafeOutput, "The model's answer is not the JSON that the feature asks for")
        }
        guard case .object = value else {
            throw WeirError(.unsafeOutput, "The model's answer is \(value.kind), not a JSON object")
        }
        text = bytes
        self.range = range
        self.value = value
    }

    /// Throws with the paths that aren't there; `null` counts as there.
    func require(_ paths: [[String]]) throws(WeirError) {
        let missing = paths.filter { !holds(value, $0[...]) }
        guard !missing.isEmpty else { return }
        let names = missing.prefix(JSONAnswer.mostNamed).map { path in
            "\"\(path.joined(separator: "."))\""
        }
        let rest = missing.count - names.count
        throw WeirError(
            .unsafeOutput,
            "The model's answer lacks the field\(missing.count == 1 ? "" : "s") "
                + names.joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : ""))
    }

    /// The answer with another object in the place of its own.
    func replacing(_ value: JSON) -> String {
        String(
            decoding: text[..<range.lowerBound] + value.encoded + text[range.upperBound...],
            as: UTF8.self)
    }

    /// Fields that a message names.
    private static let mostNamed = 20
    private static let limits = JSONParser.Limits(depth: 64, values: 200_000, isStrict: true)

    private func holds(_ value: JSON, _ path: ArraySlice<String>) -> Bool {
        guard let name = path.first else { return true }
        if let elements = value.array { return elements.allSatisfy { holds($0, path) } }
        guard let member = value[name] else { return false }
        return holds(member, path.dropFirst())
    }

    /// Inside the first code fence, unless the text itself begins with a brace.
    private static func objectRange(in text: [UInt8]) -> Range<Int> {
        let first = text.firstIndex { !isBlank($0) } ?? text.count
        guard first < text.count, text[first] != UInt8(ascii: "{"),
            let open = fence(in: text, from: first)
        else { return 0..<text.count }
        // The line of the opening fence names the language.
        guard let line = text[open...].firstIndex(of: 0x0A) else { return 0..<text.count }
        var close = text.count
        while close > line + 3, text[(close - 3)..<close] != fenceMark[...] { close -= 1 }
        let isClosed = close > line + 3
        return trimmed(text, (line + 1)..<(isClosed ? close - 3 : text.count))
    }

    /// Without the line break before the closing fence, which must stay.
    private static func trimmed(_ text: [UInt8], _ range: Range<Int>) -> Range<Int> {
        var end = range.upperBound
        while end > range.lowerBound, isBlank(text[end - 1]) { end -= 1 }
        return range.lowerBound..<end
    }

    private static let fenceMark = Array("```".utf8)

    /// The position behind the first fence.
    private static func fence(in text: [UInt8], from start: Int) -> Int? {
        var position = start
        while position + 3 <= text.count {
            if text[position..<(position + 3)] == fenceMark[...] { return position + 3 }
            position += 1
        }
        return nil
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
    }
}
