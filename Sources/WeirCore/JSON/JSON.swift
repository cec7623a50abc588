/// A JSON value as it was written: numbers keep their text, objects their order.
package enum JSON: Sendable, Equatable {
    case null
    case bool(Bool)
    /// The number's own text, checked against RFC 8259's grammar, never rounded.
    case number(String)
    case string(String)
    case array([JSON])
    case object(JSONObject)
}

extension JSON {
    package subscript(_ key: String) -> JSON? { object?[key] }

    package var object: JSONObject? {
        if case .object(let object) = self { object } else { nil }
    }

    package var array: [JSON]? {
        if case .array(let array) = self { array } else { nil }
    }

    package var string: String? {
        if case .string(let string) = self { string } else { nil }
    }

    package var bool: Bool? {
        if case .bool(let bool) = self { bool } else { nil }
    }

    package var isNull: Bool { self == .null }

    /// The value of a number written as a plain integer within Int64. `1.0`, `1e3`, 2⁶³ are nil.
    package var integer: Int64? {
        guard case .number(let text) = self else { return nil }
        return Int64(text)
    }

    /// What kind of value it is, for error messages.
    package var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

/// An object's members in the order in which they were written.
package struct JSONObject: Sendable, Equatable {
    package private(set) var members: [Member]
    /// Whether a name was written twice; only a tolerant parse lets that pass.
    package let hasDuplicates: Bool

    package struct Member: Sendable, Equatable {
        package let name: String
        package let value: JSON

        package init(name: String, value: JSON) {
            self.name = name
            self.value = value
        }
    }

    package init(_ members: [Member] = [], hasDuplicates: Bool = false) {
        self.members = members
        self.hasDuplicates = hasDuplicates
    }

    /// The value under exactly these bytes: lengths are compared too, since Swift holds canonically
    /// equivalent strings for equal.
    package subscript(_ name: String) -> JSON? {
        for member in members
        where member.name.utf8.count == name.utf8.count && member.name == name {
            return member.value
        }
        return nil
    }

    package mutating func append(_ name: String, _ value: JSON) {
        members.append(Member(name: name, value: value))
    }

    /// Puts a value in the place of the member of this name, or behind all members.
    package mutating func set(_ name: String, _ value: JSON) {
        let place = members.firstIndex {
            $0.name.utf8.count == name.utf8.count && $0.name == name
        }
        if let place {
            members[place] = Member(name: name, value: value)
        } else {
            append(name, value)
        }
    }

    package mutating func remove(_ name: String) {
        members.removeAll { $0.name.utf8.count == name.utf8.count && $0.name == name }
    }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(integerLiteral value: Int64) { self = .number(String(value)) }
    package init(arrayLiteral elements: JSON...) { self = .array(elements) }
    package init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(JSONObject(elements.map { .init(name: $0.0, value: $0.1) }))
    }

    package init(_ value: Int64) { self = .number(String(value)) }
    package init(_ value: Int) { self = .number(String(value)) }
    /// USD with at most six decimals.
    package init(_ money: Money) { self = .number(money.usd) }
}
