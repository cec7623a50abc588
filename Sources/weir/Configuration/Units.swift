extension Duration {
    /// Reads digits and a unit: `500ms`, `60s`, `10m`, `24h`. At most 10⁹ of any unit.
    init?(configured text: String) {
        let units: [(String, Int64)] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)]
        for (unit, milliseconds) in units where text.utf8.count > unit.utf8.count {
            guard text.hasSuffix(unit),
                let count = wholeNumber(String(text.dropLast(unit.utf8.count))),
                count <= 1_000_000_000
            else { continue }
            self = .milliseconds(Int64(count) * milliseconds)
            return
        }
        return nil
    }

    /// The same in the largest unit that is exact.
    var configured: String {
        let milliseconds = wholeMilliseconds
        let units: [(String, Int64)] = [("h", 3_600_000), ("m", 60_000), ("s", 1_000)]
        for (unit, size) in units where milliseconds >= size && milliseconds % size == 0 {
            // 120s reads better as it was written than as 2m.
            if unit == "m", milliseconds < 600_000 { continue }
            return "\(milliseconds / size)\(unit)"
        }
        return "\(milliseconds)ms"
    }

    /// Rounded down; a duration of this file never leaves Int64.
    var wholeMilliseconds: Int64 {
        let (seconds, overflow) = components.seconds.multipliedReportingOverflow(by: 1_000)
        return overflow ? .max : seconds + components.attoseconds / 1_000_000_000_000_000
    }
}

/// Sizes as people write them.
enum ByteSize {
    private static let units: [(String, Int)] = [
        ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1),
    ]

    /// Digits and a binary unit: `512B`, `64KiB`, `4MiB`, `1GiB`. At most 10⁹ of any unit.
    static func parse(_ text: String) -> Int? {
        for (unit, bytes) in units where text.hasSuffix(unit) {
            guard let count = wholeNumber(String(text.dropLast(unit.utf8.count))),
                count <= 1_000_000_000
            else { return nil }
            return count * bytes
        }
        return nil
    }

    /// The same in the largest unit that is exact.
    static func text(_ bytes: Int) -> String {
        for (unit, size) in units where bytes >= size && bytes.isMultiple(of: size) {
            return "\(bytes / size)\(unit)"
        }
        return "\(bytes)B"
    }
}
