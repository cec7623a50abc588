extension SandboxJSON {
    /// What is wrong with a text, and at which byte.
    struct Malformed: Error {
        let offset: Int
        let reason: String
    }

    /// Reads one JSON text, strictly (RFC 8259), with no key twice in an object.
    init(_ bytes: [UInt8]) throws(Malformed) {
        var reader = SandboxJSONReader(bytes: bytes)
        self = try reader.document()
    }
}

/// A recursive reader over bytes; the depth is limited.
private struct SandboxJSONReader {
    let bytes: [UInt8]
    var at = 0

    mutating func document() throws(SandboxJSON.Malformed) -> SandboxJSON {
        let value = try value(depth: 0)
        skipSpace()
        guard at == bytes.count else { throw malformed("text after the value") }
        return value
    }

    private mutating func value(depth: Int) throws(SandboxJSON.Malformed) -> SandboxJSON {
        guard depth < SandboxLimits.jsonDepth else { throw malformed("nested too deeply") }
        skipSpace()
        switch peek {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func object(depth: Int) throws(SandboxJSON.Malformed) -> SandboxJSON {
        at += 1
        var members: [SandboxJSON.Member] = []
        var keys: Set<String> = []
        skipSpace()
        if take("}") { return .object([]) }
        repeat {
            skipSpace()
            guard peek == UInt8(ascii: "\"") else { throw malformed("a key is missing") }
            let key = try string()
            guard keys.insert(key).inserted else { throw malformed("key \(key) twice") }
            skipSpace()
            guard take(":") else { throw malformed("a colon is missing") }
            members.append(.init(key: key, value: try value(depth: depth + 1)))
            skipSpace()
        } while take(",")
        guard take("}") else { throw malformed("the object has no end") }
        return .object(members)
    }

    private mutating func array(depth: Int) throws(SandboxJSON.Malformed) -> SandboxJSON {
        at += 1
        var items: [SandboxJSON] = []
        skipSpace()
        if take("]") { return .array([]) }
        repeat {
            items.append(try value(depth: depth + 1))
            skipSpace()
        } while take(",")
        guard take("]") else { throw malformed("the array has no end") }
        return .array(items)
    }

    private mutating func string() throws(SandboxJSON.Malformed) -> String {
        at += 1
        var start = at
        var collected: [UInt8] = []
        while let byte = peek {
            if byte == UInt8(ascii: "\"") {
                let last = bytes[start..<at]
                at += 1
                let text =
                    collected.isEmpty
                    ? String(validating: last, as: UTF8.self)
                    : String(validating: collected + last, as: UTF8.self)
                guard let text else { throw malformed("invalid UTF-8") }
                return text
            }
            guard byte >= 0x20 else { throw malformed("a control character") }
            at += 1
            if byte == UInt8(ascii: "\\") {
                collected += bytes[start..<(at - 1)]
                try escape(into: &collected)
                start = at
            }
        }
        throw malformed("the string has no end")
    }

    private mutating func escape(into out: inout [UInt8]) throws(SandboxJSON.Malformed) {
        guard let byte = peek else { throw malformed("an escape has no end") }
        at += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): out.append(byte)
        case UInt8(ascii: "b"): out.append(0x08)
        case UInt8(ascii: "f"): out.append(0x0C)
        case UInt8(ascii: "n"): out.append(0x0A)
        case UInt8(ascii: "r"): out.append(0x0D)
        case UInt8(ascii: "t"): out.append(0x09)
        case UInt8(ascii: "u"):
            var code = try hexadecimal()
            if 0xD800..<0xDC00 ~= code {
                guard take("\\"), take("u") else { throw malformed("half a surrogate pair") }
                let low = try hexadecimal()
                guard 0xDC00..<0xE000 ~= low else { throw malformed("half a surrogate pair") }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw malformed("no character") }
            out += Array(String(Character(scalar)).utf8)
        default: throw malformed("an unknown escape")
        }
    }

    private mutating func hexadecimal() throws(SandboxJSON.Malformed) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = peek, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw malformed("four hexadecimal digits are needed")
            }
            code = code << 4 | UInt32(digit)
            at += 1
        }
        return code
    }

    private mutating func number() throws(SandboxJSON.Malformed) -> SandboxJSON {
        let start = at
        _ = take("-")
        let firstDigit = peek
        guard digits() > 0 else { throw malformed("no value") }
        if firstDigit == UInt8(ascii: "0"), at - start > (bytes[start] == firstDigit ? 1 : 2) {
            throw malformed("a leading zero")
        }
        var isWhole = true
        if take(".") {
            isWhole = false
            guard digits() > 0 else { throw malformed("no digit after the point") }
        }
        if take("e") || take("E") {
            isWhole = false
            _ = take("+") || take("-")
            guard digits() > 0 else { throw malformed("no exponent") }
        }
        let text = String(decoding: bytes[start..<at], as: UTF8.self)
        if isWhole, let value = Int(text) { return .integer(value) }
        guard let value = Double(text), value.isFinite else { throw malformed("out of range") }
        return .number(value)
    }

    private mutating func digits() -> Int {
        let start = at
        while let byte = peek, UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte { at += 1 }
        return at - start
    }

    private mutating func word(
        _ text: StaticString, _ value: SandboxJSON
    ) throws(SandboxJSON.Malformed) -> SandboxJSON {
        for byte in text.description.utf8 {
            guard peek == byte else { throw malformed("an unknown word") }
            at += 1
        }
        return value
    }

    private mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            at += 1
        }
    }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard peek == UInt8(ascii: scalar) else { return false }
        at += 1
        return true
    }

    private var peek: UInt8? { at < bytes.count ? bytes[at] : nil }

    private func malformed(_ reason: String) -> SandboxJSON.Malformed {
        .init(offset: at, reason: reason)
    }
}
