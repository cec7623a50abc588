import WeirCore

/// A message of Gemini's in a client's request. Its members may be spelled `inlineData` or
/// `inline_data`, as JSON for protocol buffers has it, but not both ways at once.
///
/// Names are given in camel case here; errors name what the client wrote.
struct GeminiObject {
    let object: ClientObject
    private let names: [Name]

    private struct Name {
        let known: String
        let written: String
    }

    init(_ object: ClientObject) throws(WeirError) {
        self.object = object
        let members = object.members.members
        guard members.count <= memberLimit else {
            throw WeirError(
                .invalidRequest, "\(object.path) has more than \(memberLimit) members",
                param: object.path)
        }
        var names: [Name] = []
        names.reserveCapacity(members.count)
        for member in members {
            let known = camelCase(member.name)
            if let other = names.first(where: { $0.known == known }) {
                throw object.error(member.name, "is given twice, also as \(other.written)")
            }
            names.append(Name(known: known, written: member.name))
        }
        self.names = names
    }

    var path: String { object.path }

    /// The value under a name; null counts as missing.
    subscript(_ name: String) -> JSON? { object[written(name)] }

    func param(_ name: String) -> String { object.param(written(name)) }

    func error(_ name: String, _ reason: String) -> WeirError {
        object.error(written(name), reason)
    }

    func refuse(_ name: String, _ reason: String) throws(WeirError) {
        try object.refuse(written(name), reason)
    }

    func text(_ name: String) throws(WeirError) -> String? { try object.text(written(name)) }

    func bool(_ name: String) throws(WeirError) -> Bool? { try object.bool(written(name)) }

    func integer(_ name: String, in range: ClosedRange<Int64>) throws(WeirError) -> Int64? {
        try object.integer(written(name), in: range)
    }

    func decimal(
        _ name: String, in range: ClosedRange<Double>
    ) throws(WeirError) -> DecimalNumber? {
        try object.decimal(written(name), in: range)
    }

    func required<Value>(_ name: String, _ value: Value?) throws(WeirError) -> Value {
        try object.required(written(name), value)
    }

    func message(_ name: String) throws(WeirError) -> GeminiObject? {
        guard let object = try object.object(written(name)) else { return nil }
        return try GeminiObject(object)
    }

    /// The messages of a list; one alone may stand for a list of one.
    func messages(_ name: String) throws(WeirError) -> [GeminiObject] {
        guard let value = self[name] else { return [] }
        if case .object(let members) = value {
            return [try GeminiObject(ClientObject(members, path: param(name)))]
        }
        var messages: [GeminiObject] = []
        for object in try object.objects(written(name)) ?? [] {
            messages.append(try GeminiObject(object))
        }
        return messages
    }

    /// The texts of a list; one alone may stand for a list of one.
    func texts(_ name: String) throws(WeirError) -> [String] {
        guard let value = self[name] else { return [] }
        if let text = value.string { return [text] }
        var texts: [String] = []
        for (index, item) in (try object.array(written(name)) ?? []).enumerated() {
            guard let text = item.string else {
                throw error("\(written(name))[\(index)]", "must be a string, not \(item.kind)")
            }
            texts.append(text)
        }
        return texts
    }

    /// The members that aren't among `known`, as they may be shown.
    func others(than known: Set<String>) -> [String] {
        let unknown = names.filter { !known.contains($0.known) }
        guard !unknown.isEmpty else { return [] }
        return object.others(
            than: Set(names.lazy.map(\.written)).subtracting(unknown.map(\.written)))
    }

    private func written(_ name: String) -> String {
        names.first { $0.known == name }?.written ?? name
    }
}

/// Far above what any of Gemini's messages has.
private let memberLimit = 256

/// `inline_data` as `inlineData`; other names as they are.
func camelCase(_ name: String) -> String {
    guard name.utf8.contains(UInt8(ascii: "_")) else { return name }
    var bytes: [UInt8] = []
    var raises = false
    for byte in name.utf8 {
        if byte == UInt8(ascii: "_") {
            raises = !bytes.isEmpty
        } else {
            let isLow = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
            bytes.append(raises && isLow ? byte - 0x20 : byte)
            raises = false
        }
    }
    return String(decoding: bytes, as: UTF8.self)
}

/// `inlineData` as `inline_data`.
func snakeCase(_ name: String) -> String {
    var bytes: [UInt8] = []
    for byte in name.utf8 {
        if (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) {
            bytes.append(UInt8(ascii: "_"))
            bytes.append(byte + 0x20)
        } else {
            bytes.append(byte)
        }
    }
    return String(decoding: bytes, as: UTF8.self)
}

extension JSONObject {
    /// How a member of a Gemini message is spelled in this one; in camel case where it is missing.
    func spelling(_ name: String) -> String {
        if self[name] != nil { return name }
        let snake = snakeCase(name)
        return self[snake] != nil ? snake : name
    }
}
