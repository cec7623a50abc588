import WeirCore

/// For whom a body of `/ai/complete` is, found without reading it as a document: members of the
/// outermost object. Whether the body is sound is for the instance to say; what it reads there, in
/// a sound one, is the same.
struct NamedInBody: Equatable {
    private(set) var tenant: TenantID?
    private(set) var user: UserID?
    private(set) var feature: FeatureSlug?

    init() {}

    /// Looks at each byte once.
    init(_ body: [UInt8]) {
        var scan = Scan(body: body)
        while let (name, value) = scan.member() {
            switch name {
            case "tenant_id": tenant = value.wholeNumber.flatMap(TenantID.init)
            case "user_id": user = value.wholeNumber.flatMap(UserID.init)
            case "feature_slug": feature = value.string.flatMap { FeatureSlug($0, limit: 64) }
            default: break
            }
        }
    }
}

/// Goes through a document's text.
private struct Scan {
    let body: [UInt8]
    private var index = 0
    private var depth = 0

    init(body: [UInt8]) { self.body = body }

    /// The next member at depth one that is asked for; nil where there is none any more.
    mutating func member() -> (name: String, value: JSON)? {
        while index < body.count {
            switch body[index] {
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: "\""):
                let start = index
                guard skipString() else { return nil }
                if depth == 1, let name = name(body[start..<index]), skipColon() {
                    return (name, value())
                }
                continue
            default: break
            }
            index += 1
        }
        return nil
    }

    /// One of the names that are asked for, also where it is written with escapes.
    private func name(_ text: ArraySlice<UInt8>) -> String? {
        if Scan.names.contains(where: { text.dropFirst().dropLast().elementsEqual($0.utf8) }) {
            return String(decoding: text.dropFirst().dropLast(), as: UTF8.self)
        }
        guard text.count <= Scan.longest, text.contains(UInt8(ascii: "\\")),
            let name = json(text).string
        else { return nil }
        return Scan.names.first { $0 == name }
    }

    /// A string or a number; null for anything else. Then stands behind it.
    private mutating func value() -> JSON {
        skipBlanks()
        let start = index
        if index < body.count, body[index] == UInt8(ascii: "\"") {
            guard skipString() else { return .null }
        } else {
            while index < body.count, Scan.isNumeric(body[index]) { index += 1 }
        }
        let text = body[start..<index]
        return text.count <= Scan.longest ? json(text) : .null
    }

    private func json(_ text: ArraySlice<UInt8>) -> JSON {
        do throws(JSONError) {
            return try JSONParser.parse(Array(text), .request)
        } catch {
            // Not sound: the instance will say so.
            return .null
        }
    }

    /// From the quotation mark that is at hand to behind the one that ends the string; false where
    /// it doesn't end.
    private mutating func skipString() -> Bool {
        index += 1
        while index < body.count {
            switch body[index] {
            case UInt8(ascii: "\\"): index += 2
            case UInt8(ascii: "\""):
                index += 1
                return true
            default: index += 1
            }
        }
        index = body.count
        return false
    }

    private mutating func skipColon() -> Bool {
        skipBlanks()
        guard index < body.count, body[index] == UInt8(ascii: ":") else { return false }
        index += 1
        return true
    }

    private mutating func skipBlanks() {
        while index < body.count, Scan.isBlank(body[index]) { index += 1 }
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
    }

    private static func isNumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"),
            UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"):
            true
        default: false
        }
    }

    private static let names = ["tenant_id", "user_id", "feature_slug"]
    /// Bytes of a name or a value that could be one of these, every letter escaped.
    private static let longest = 512
}
