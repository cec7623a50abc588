extension JSON {
    /// The same value with every string that equals one of the keys, byte for byte, replaced.
    /// Names stay.
    ///
    /// - Parameter found: receives the keys that occurred.
    package func replacing(
        _ changes: [[UInt8]: String], found: inout Set<[UInt8]>
    ) -> JSON {
        switch self {
        case .null, .bool, .number: return self
        case .string(let text):
            let bytes = Array(text.utf8)
            guard let change = changes[bytes] else { return self }
            found.insert(bytes)
            return .string(change)
        case .array(let elements):
            return .array(elements.map { $0.replacing(changes, found: &found) })
        case .object(let object):
            let members = object.members.map { member in
                JSONObject.Member(
                    name: member.name, value: member.value.replacing(changes, found: &found))
            }
            return .object(JSONObject(members, hasDuplicates: object.hasDuplicates))
        }
    }
}
