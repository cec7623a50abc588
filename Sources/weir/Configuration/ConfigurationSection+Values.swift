import WeirCore

/// Values by type. Each one reports what is wrong with it and returns its default then, so that
/// the rest is read as well.
extension ConfigurationSection {
    func text(_ name: String, default standard: String, limit: Int = 4_096) -> String {
        optionalText(name, limit: limit) ?? standard
    }

    func optionalText(_ name: String, limit: Int = 4_096) -> String? {
        guard let scalar = scalar(name) else { return nil }
        guard (1...limit).contains(scalar.text.utf8.count), !scalar.text.utf8.contains(0) else {
            mistake(name, scalar.source, "must be a text of 1 to \(limit) bytes")
            return nil
        }
        return scalar.text
    }

    func integer(_ name: String, in range: ClosedRange<Int>, default standard: Int) -> Int {
        guard let scalar = scalar(name) else { return standard }
        guard !scalar.isText, let value = wholeNumber(scalar.text) else {
            mistake(name, scalar.source, "must be a whole number, not \(shown(scalar))")
            return standard
        }
        guard range.contains(value) else {
            let (low, high) = (range.lowerBound, range.upperBound)
            mistake(name, scalar.source, "must be within \(low) and \(high)")
            return standard
        }
        return value
    }

    func bool(_ name: String, default standard: Bool) -> Bool {
        guard let scalar = scalar(name) else { return standard }
        switch (scalar.text, scalar.isText) {
        case ("true", false): return true
        case ("false", false): return false
        default:
            mistake(name, scalar.source, "must be true or false, not \(shown(scalar))")
            return standard
        }
    }

    /// A time with its unit: `500ms`, `60s`, `10m`, `24h`.
    func duration(
        _ name: String, in range: ClosedRange<Duration>, default standard: Duration
    ) -> Duration {
        guard let scalar = scalar(name) else { return standard }
        guard let value = Duration(configured: scalar.text) else {
            mistake(
                name, scalar.source,
                "must be a time with its unit, as in 500ms, 60s, 10m or 24h, not \(shown(scalar))")
            return standard
        }
        guard range.contains(value) else {
            let (low, high) = (range.lowerBound.configured, range.upperBound.configured)
            mistake(name, scalar.source, "must be within \(low) and \(high)")
            return standard
        }
        return value
    }

    /// A size in bytes with its unit: `512B`, `64KiB`, `4MiB`, `1GiB`.
    func size(_ name: String, in range: ClosedRange<Int>, default standard: Int) -> Int {
        guard let scalar = scalar(name) else { return standard }
        guard let value = ByteSize.parse(scalar.text) else {
            mistake(
                name, scalar.source,
                "must be a size with its unit, as in 512B, 64KiB or 4MiB, not \(shown(scalar))")
            return standard
        }
        guard range.contains(value) else {
            let (low, high) = (ByteSize.text(range.lowerBound), ByteSize.text(range.upperBound))
            mistake(name, scalar.source, "must be within \(low) and \(high)")
            return standard
        }
        return value
    }

    /// One word of a list.
    func choice<Choice: RawRepresentable & CaseIterable>(
        _ name: String, default standard: Choice
    ) -> Choice where Choice.RawValue == String {
        guard let scalar = scalar(name) else { return standard }
        if let choice = Choice(rawValue: scalar.text) { return choice }
        let words = Choice.allCases.map(\.rawValue)
        let hint = NearMiss.hint(scalar.text, among: words)
        mistake(name, scalar.source, "must be one of \(words.joined(separator: ", "))\(hint)")
        return standard
    }

    /// A name out of the slug alphabet.
    func slug(_ name: String, limit: Int = 128) -> Slug? {
        guard let scalar = scalar(name) else { return nil }
        guard let slug = Slug(scalar.text, limit: limit) else {
            mistake(name, scalar.source, ConfigurationSection.slugRule(limit))
            return nil
        }
        return slug
    }

    func slugs(_ name: String, limit: Int = 128) -> [Slug] {
        list(name).enumerated().compactMap { index, scalar in
            guard let slug = Slug(scalar.text, limit: limit) else {
                mistake("\(name)[\(index)]", scalar.source, ConfigurationSection.slugRule(limit))
                return nil
            }
            return slug
        }
    }

    static func slugRule(_ limit: Int) -> String {
        "must be 1 to \(limit) letters, digits and - _ . : / @ +"
    }

    private func shown(_ scalar: Scalar) -> String {
        let count = scalar.text.utf8.count
        let text = count <= 40 ? scalar.text : "a text of \(count) bytes"
        return scalar.isText ? "\"\(text)\" in quotes" : text
    }
}

/// Decimal digits only, without leading zeros; nil for anything else.
func wholeNumber(_ text: String) -> Int? {
    let digits = Array(text.utf8)
    guard !digits.isEmpty, digits.count == 1 || digits[0] != UInt8(ascii: "0"),
        digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
    else { return nil }
    return Int(text)
}
