import HTTPTypes
import WeirCore

/// Which header fields go on to an instance, and which of its own come back.
enum ForwardedFields {
    /// All but what is between two neighbours, what frames the message, whatever says who calls,
    /// and the request's id: the identity says the last two.
    ///
    /// The vendors' own credential fields stay, emptied of the credential: they show whose form the
    /// client of `/v1/models` reads.
    static func toInstance(_ headers: HTTPFields) -> [HeaderField] {
        let named = named(by: headers)
        return headers.compactMap { field in
            let name = field.name.canonicalName
            if vendorCredentials.contains(name) { return HeaderField(name, withheld) }
            guard !neighbours.contains(name), !ownToMessage.contains(name), !named.contains(name)
            else { return nil }
            return HeaderField(name, field.value)
        }
    }

    /// All but what is between two neighbours; the message's length stays what it is.
    static func toClient(_ headers: [HeaderField]) -> HTTPFields {
        var fields = HTTPFields()
        for header in headers {
            // What is no field's name can't be passed on as one.
            guard let name = HTTPField.Name(header.name) else { continue }
            fields.append(HTTPField(name: name, value: header.value))
        }
        let dropped = neighbours.union(named(by: fields))
        return HTTPFields(fields.filter { !dropped.contains($0.name.canonicalName) })
    }

    static let withheld = "withheld"

    /// What `Connection` names is between two neighbours as well (RFC 9110, section 7.6.1).
    private static func named(by headers: HTTPFields) -> Set<String> {
        var names: Set<String> = []
        for value in headers[values: .connection] {
            for name in value.utf8.split(separator: UInt8(ascii: ",")) {
                let bytes = name.filter { $0 != 0x20 && $0 != 0x09 }
                names.insert(String(decoding: bytes, as: UTF8.self).lowercased())
            }
        }
        return names
    }

    private static let neighbours: Set<String> = [
        "connection", "keep-alive", "proxy-connection", "proxy-authenticate",
        "proxy-authorization", "te", "trailer", "transfer-encoding", "upgrade",
    ]
    private static let ownToMessage: Set<String> = [
        "host", "content-length", "expect", "authorization", "x-weir-identity", "x-request-id",
    ]
    private static let vendorCredentials: Set<String> = ["x-api-key", "x-goog-api-key"]
}
