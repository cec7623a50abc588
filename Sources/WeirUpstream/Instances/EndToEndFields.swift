import NIOHTTP1
import WeirCore

/// The fields of a head that are meant for the other end. The rest, those between two neighbours
/// and those that their `connection` names (RFC 9110, 7.6.1), is each neighbour's own.
extension HTTPHeaders {
    /// In their order, as they came. A `content-length` stays.
    var endToEnd: [HeaderField] {
        var named: Set<String> = []
        for (name, value) in self where name.isSameIgnoringCase(as: "connection") {
            for option in value.utf8.split(whereSeparator: { $0 == .comma || $0 == .space }) {
                named.insert(String(decoding: option.map(\.lowercased), as: UTF8.self))
            }
        }
        // What frames the message is never somebody's own option.
        named.remove("content-length")
        return compactMap { name, value in
            guard !HeaderField.isBetweenNeighbours(name) else { return nil }
            guard named.isEmpty || !named.contains(name.lowercased()) else { return nil }
            return HeaderField(name, value)
        }
    }
}

extension HeaderField {
    static func isBetweenNeighbours(_ name: String) -> Bool {
        switch name.utf8.count {
        case 2: name.isSameIgnoringCase(as: "te")
        case 7: name.isSameIgnoringCase(as: "upgrade")
        case 10:
            name.isSameIgnoringCase(as: "connection") || name.isSameIgnoringCase(as: "keep-alive")
        case 16: name.isSameIgnoringCase(as: "proxy-connection")
        case 17: name.isSameIgnoringCase(as: "transfer-encoding")
        default: false
        }
    }
}
