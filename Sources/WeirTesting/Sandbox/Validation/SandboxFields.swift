/// Which fields an object of a provider's protocol may have, and of which type.
struct SandboxFields: Sendable {
    indirect enum Kind: Sendable {
        case string, boolean, object, any
        case array(nonEmpty: Bool)
        case integer(ClosedRange<Int>)
        case number(ClosedRange<Double>)
        case either(Kind, Kind)
    }

    let known: [String: Kind]
    var required: [String] = []
    /// Whether null stands for leaving an optional field out.
    var allowsNull = true

    /// Checks names and types of an object's own fields.
    ///
    /// - Throws: the first fault, in the provider's own words.
    func check(
        _ value: SandboxJSON, at path: String = "", in voice: SandboxVoice
    ) throws(SandboxFailure) {
        guard let members = value.members else {
            throw voice.wrongType(path.isEmpty ? "body" : path, "an object", value)
        }
        for member in members {
            let name = voice.isProto ? SandboxFields.camel(member.key) : member.key
            let full = path.isEmpty ? member.key : "\(path).\(member.key)"
            guard let kind = known[name] else { throw voice.unknown(member.key, at: path) }
            if member.value == .null, allowsNull, !required.contains(name) { continue }
            try SandboxFields.check(member.value, kind, full, voice)
        }
        for name in required where value.field(name, voice) == nil {
            throw voice.missing(path.isEmpty ? name : "\(path).\(name)")
        }
    }

    /// Protocol buffers' JSON takes `snake_case` for `camelCase`.
    static func camel(_ name: String) -> String {
        guard name.utf8.dropFirst().contains(UInt8(ascii: "_")) else { return name }
        let parts = name.split(separator: "_")
        return parts.dropFirst().reduce(String(parts.first ?? "")) {
            $0 + $1.prefix(1).uppercased() + $1.dropFirst()
        }
    }

    private static func check(
        _ value: SandboxJSON, _ kind: Kind, _ path: String, _ voice: SandboxVoice
    ) throws(SandboxFailure) {
        switch (kind, value) {
        case (.any, _), (.string, .string), (.boolean, .bool), (.object, .object): return
        case (.array(let nonEmpty), .array(let items)):
            if nonEmpty && items.isEmpty { throw voice.empty(path) }
        case (.integer(let range), .integer(let number)):
            if !range.contains(number) {
                throw voice.outOfRange(path, value, "\(range.lowerBound)", "\(range.upperBound)")
            }
        case (.number(let range), .integer), (.number(let range), .number):
            if let number = value.double, !range.contains(number) {
                throw voice.outOfRange(path, value, "\(range.lowerBound)", "\(range.upperBound)")
            }
        case (.either(let first, let second), _):
            if let _ = fault(value, first, path, voice) {
                try check(value, second, path, voice)
            }
        default:
            throw voice.wrongType(path, kind.name, value)
        }
    }

    private static func fault(
        _ value: SandboxJSON, _ kind: Kind, _ path: String, _ voice: SandboxVoice
    ) -> SandboxFailure? {
        do throws(SandboxFailure) {
            try check(value, kind, path, voice)
            return nil
        } catch {
            return error
        }
    }
}

extension SandboxFields.Kind {
    static var list: Self { .array(nonEmpty: false) }
    static var text: Self { .string }
    static var texts: Self { .either(.string, .array(nonEmpty: false)) }
    static func whole(from lowest: Int) -> Self { .integer(lowest...Int.max) }

    fileprivate var name: String {
        switch self {
        case .string: "a string"
        case .boolean: "a boolean"
        case .object: "an object"
        case .any: "a value"
        case .array: "an array"
        case .integer: "an integer"
        case .number: "a decimal"
        case .either(let first, let second): "\(first.name) or \(second.name)"
        }
    }
}

extension SandboxJSON {
    /// A field by its name; where the voice is protocol buffers', also in `snake_case`.
    func field(_ name: String, _ voice: SandboxVoice) -> SandboxJSON? {
        if let value = self[name] { return value == .null ? nil : value }
        guard voice.isProto, let members else { return nil }
        return members.first { SandboxFields.camel($0.key) == name && $0.value != .null }?.value
    }
}
