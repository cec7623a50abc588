/// How an answer is spoilt: keys and values, as given in the prompt (`@sandbox{status=503}`), in
/// the header `x-sandbox`, or by `PUT /_sandbox/behaviour`. Empty: a well-behaved provider.
struct SandboxBehaviour: Sendable, Equatable {
    private var values: [Key: Value] = [:]

    enum Value: Sendable, Equatable {
        case number(Int)
        case word(String)
    }

    /// A key that is unknown, or a value that its key doesn't take.
    struct Unknown: Error {
        let reason: String
    }

    init() {}

    var isEmpty: Bool { values.isEmpty }

    func has(_ key: Key) -> Bool { !values.isEmpty && values[key] != nil }

    func number(_ key: Key) -> Int? {
        if !values.isEmpty, case .number(let value) = values[key] { value } else { nil }
    }

    func word(_ key: Key) -> String? {
        if !values.isEmpty, case .word(let value) = values[key] { value } else { nil }
    }

    /// This behaviour with another laid over it, key by key.
    func overlaid(by other: SandboxBehaviour) -> SandboxBehaviour {
        if other.isEmpty { return self }
        if isEmpty { return other }
        var result = self
        result.values.merge(other.values) { _, new in new }
        return result
    }

    /// Sets one key. `true` stands for a flag's or an optional number's bare name, `false` for
    /// leaving it out.
    mutating func set(_ name: String, _ value: String?) throws(Unknown) {
        guard let key = Key(rawValue: name) else {
            throw Unknown(reason: "unknown behaviour key: \(name)")
        }
        let isBare = value == nil || value == "" || value == "true"
        if value == "false", key != .billed { return values[key] = nil }
        switch key.kind {
        case .flag:
            guard isBare else { throw Unknown(reason: "\(name) takes no value") }
            values[key] = .number(1)
        case .number(let range, let standard):
            let given = isBare ? standard : value.flatMap { Int($0) }
            guard let given, range.contains(given) else {
                throw Unknown(reason: "\(name) takes a number of \(range)")
            }
            values[key] = .number(given)
        case .word(let allowed, let standard):
            guard let given = isBare ? standard ?? value : value,
                !given.isEmpty, allowed.isEmpty || allowed.contains(given)
            else { throw Unknown(reason: "\(name) takes one of \(allowed)") }
            values[key] = .word(given)
        }
    }

    /// The behaviour as text (`key=value,…`, sorted), nil if there is none.
    var text: String? {
        if values.isEmpty { return nil }
        return values.map { key, value in
            switch value {
            case .number(let number): "\(key.rawValue)=\(number)"
            case .word(let word): "\(key.rawValue)=\(word)"
            }
        }.sorted().joined(separator: ",")
    }
}

extension SandboxBehaviour {
    /// Whether the client is kept from the whole answer, and so from its usage.
    var cutsAnswer: Bool {
        if isEmpty { return false }
        let cuts: [Key] = [
            .hang, .hangAfterHeaders, .reset, .resetAfter, .closeAfter, .breakAfter, .errorEvent,
        ]
        return cuts.contains { has($0) } || has(.garbage) && word(.garbage) != "type"
    }
}
