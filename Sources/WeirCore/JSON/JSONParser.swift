/// Why bytes are not the JSON that is asked for.
package struct JSONError: Error, Sendable, Equatable {
    package let reason: String
    /// Where, in bytes from the start.
    package let offset: Int
}

/// A parser for whole documents over bytes, after RFC 8259.
///
/// Strict (requests): UTF-8 without a byte-order mark, no name twice in an object, no NUL, no lone
/// surrogate; what was reserved for must be what is sent. Tolerant (providers' replies): names
/// written twice are marked, lone surrogates become U+FFFD. Both bound the depth and the number of
/// values, so that a hostile document costs what an honest one of its size costs.
package struct JSONParser: ~Copyable {
    private let bytes: [UInt8]
    private var position = 0
    private var values = 0
    private let limits: Limits

    package struct Limits: Sendable {
        package var depth = 64
        package var values = 100_000
        package var isStrict = true

        package static let request = Limits()
        package static let reply = Limits(depth: 128, values: 2_000_000, isStrict: false)

        package init(depth: Int = 64, values: Int = 100_000, isStrict: Bool = true) {
            self.depth = depth
            self.values = values
            self.isStrict = isStrict
        }
    }

    package static func parse(_ bytes: [UInt8], _ limits: Limits) throws(JSONError) -> JSON {
        var parser = JSONParser(bytes: bytes, limits: limits)
        parser.skipBlanks()
        let value = try parser.value(depth: 0)
        parser.skipBlanks()
        guard parser.position == bytes.count else { throw parser.error("bytes after the value") }
        return value
    }

    private init(bytes: [UInt8], limits: Limits) {
        self.bytes = bytes
        self.limits = limits
    }

    private mutating func value(depth: Int) throws(JSONError) -> JSON {
        values += 1
        guard values <= limits.values else { throw error("more values than allowed") }
        guard position < bytes.count else { throw error("unexpected end") }
        switch bytes[position] {
        case UInt8(ascii: "{"): return try object(depth: depth + 1)
        case UInt8(ascii: "["): return try array(depth: depth + 1)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return .number(try number())
        }
    }

    private mutating func object(depth: Int) throws(JSONError) -> JSON {
        guard depth <= limits.depth else { throw error("nested deeper than \(limits.depth)") }
        position += 1
        var members: [JSONObject.Member] = []
        var seen = Set<String>()
        var hasDuplicates = false
        skipBlanks()
        if take(UInt8(ascii: "}")) { return .object(JSONObject(members)) }
        repeat {
            skipBlanks()
            guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
                throw error("a name in quotes is missing")
            }
            let name = try string()
            // A short object is searched as it is; a long one keeps a set beside it.
            if members.count == 16 { seen = Set(members.map(\.name)) }
            let isDuplicate =
                members.count < 16
                ? members.contains { $0.name == name } : !seen.insert(name).inserted
            if isDuplicate {
                guard !limits.isStrict else { throw error("duplicate name \"\(shown(name))\"") }
                hasDuplicates = true
            }
            skipBlanks()
            guard take(UInt8(ascii: ":")) else { throw error("':' is missing") }
            skipBlanks()
            members.append(.init(name: name, value: try value(depth: depth)))
            skipBlanks()
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "}")) else { throw error("',' or '}' is missing") }
        return .object(JSONObject(members, hasDuplicates: hasDuplicates))
    }

    private mutating func array(depth: Int) throws(JSONError) -> JSON {
        guard depth <= limits.depth else { throw error("nested deeper than \(limits.depth)") }
        position += 1
        var elements: [JSON] = []
        skipBlanks()
        if take(UInt8(ascii: "]")) { return .array(elements) }
        repeat {
            skipBlanks()
            elements.append(try value(depth: depth))
            skipBlanks()
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "]")) else { throw error("',' or ']' is missing") }
        return .array(elements)
    }

    private mutating func word(_ word: StaticString, _ value: JSON) throws(JSONError) -> JSON {
        for byte in word.description.utf8 {
            guard take(byte) else { throw error("not a JSON value") }
        }
        return value
    }

    private mutating func number() throws(JSONError) -> String {
        let start = position
        _ = take(UInt8(ascii: "-"))
        let leading = position
        guard skipDigits() > 0 else { throw error("not a JSON value") }
        guard position - leading == 1 || bytes[leading] != UInt8(ascii: "0") else {
            throw error("a number starts with 0")
        }
        if take(UInt8(ascii: ".")) {
            guard skipDigits() > 0 else { throw error("digits are missing after the point") }
        }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            guard skipDigits() > 0 else { throw error("digits are missing in the exponent") }
        }
        guard position - start <= 64 else { throw error("a number of over 64 characters") }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    /// A string's content; `position` is at the opening quote.
    private mutating func string() throws(JSONError) -> String {
        position += 1
        let start = position
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                guard let text = String(validating: bytes[start..<position], as: UTF8.self) else {
                    throw error("invalid UTF-8")
                }
                position += 1
                return text
            }
            if byte == UInt8(ascii: "\\") { return try escapedString(from: start) }
            guard byte >= 0x20 else { throw error("a control character in a string") }
            position += 1
        }
        throw error("a string without end")
    }

    private mutating func escapedString(from start: Int) throws(JSONError) -> String {
        var text = Array(bytes[start..<position])
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            if byte == UInt8(ascii: "\"") {
                guard let string = String(validating: text, as: UTF8.self) else {
                    throw error("invalid UTF-8")
                }
                return string
            }
            guard byte >= 0x20 else { throw error("a control character in a string") }
            if byte == UInt8(ascii: "\\") {
                try unescape(into: &text)
            } else {
                text.append(byte)
            }
        }
        throw error("a string without end")
    }

    private mutating func unescape(into text: inout [UInt8]) throws(JSONError) {
        guard position < bytes.count else { throw error("a string without end") }
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            let scalar = try escapedScalar()
            text.append(contentsOf: Array(String(Character(scalar)).utf8))
        default: throw error("an unknown escape")
        }
    }

    private mutating func escapedScalar() throws(JSONError) -> Unicode.Scalar {
        let unit = try hexUnit()
        if let scalar = Unicode.Scalar(unit) {
            guard unit != 0 || !limits.isStrict else { throw error("a NUL character") }
            return scalar
        }
        if unit < 0xDC00, position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
            bytes[position + 1] == UInt8(ascii: "u")
        {
            let mark = position
            position += 2
            let low = try hexUnit()
            if (0xDC00...0xDFFF).contains(low),
                let scalar = Unicode.Scalar(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00))
            {
                return scalar
            }
            position = mark
        }
        guard !limits.isStrict else { throw error("a lone surrogate") }
        return "\u{FFFD}"
    }

    private mutating func hexUnit() throws(JSONError) -> UInt32 {
        guard bytes.count - position >= 4 else { throw error("an unfinished \\u escape") }
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = hexDigit(bytes[position]) else { throw error("a bad \\u escape") }
            unit = unit << 4 | digit
            position += 1
        }
        return unit
    }

    private mutating func skipDigits() -> Int {
        let start = position
        while position < bytes.count,
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position])
        {
            position += 1
        }
        return position - start
    }

    private mutating func skipBlanks() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return
            }
        }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    private func error(_ reason: String) -> JSONError {
        JSONError(reason: reason, offset: position)
    }
}

private func hexDigit(_ byte: UInt8) -> UInt32? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a") + 10)
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A") + 10)
    default: nil
    }
}

/// A name as it may stand in an error message: short, printable.
private func shown(_ name: String) -> String {
    String(name.unicodeScalars.prefix(40).filter { $0.value >= 0x20 }.map(Character.init))
}
