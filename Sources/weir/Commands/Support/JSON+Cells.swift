import WeirCore

/// JSON as cells of a table.
extension JSON {
    /// The value under a name; `-` where there is none.
    func cell(_ name: String) -> String { self[name]?.cell ?? "-" }

    var cell: String {
        switch self {
        case .null: "-"
        case .bool(let flag): flag ? "yes" : "no"
        case .number(let text): text
        case .string(let text): text
        case .array(let elements): elements.map(\.cell).joined(separator: ", ")
        case .object(let object):
            object.members.map { "\($0.name)=\($0.value.cell)" }.joined(separator: ", ")
        }
    }

    /// The rows of an answer that is a list, or an object that holds one under a name.
    func list(_ name: String) -> [JSON] { array ?? self[name]?.array ?? [] }
}
