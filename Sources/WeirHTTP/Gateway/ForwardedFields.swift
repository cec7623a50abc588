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

    /// The same for a regular service, which learns nothing of Weir's keys, and from whom the call
    /// comes.
    ///
    /// - Parameter isCredential: whether a token is one of Weir's: those go no further.
    static func toService(
        _ head: CallHead, request: RequestID, isCredential: (String) -> Bool
    ) -> [HeaderField] {
        let named = named(by: head.headers)
        var fields = head.headers.compactMap { field -> HeaderField? in
            let name = field.name.canonicalName
            guard !neighbours.contains(name), !framing.contains(name), !named.contains(name),
                !provenance.contains(name)
            else { return nil }
            if name == "authorization" || vendorCredentials.contains(name) {
                guard !isCredential(Credentials.text(in: field.value)) else { return nil }
            }
            return HeaderField(name, field.value)
        }
        fields.append(HeaderField("x-request-id", request.description))
        if let address = head.peer { fields.append(HeaderField("x-forwarded-for", address)) }
        if let host = head.authority { fields.append(HeaderField("x-forwarded-host", host)) }
        fields.append(HeaderField("x-forwarded-proto", "http"))
        return fields
    }

    /// What an instance of the AI service says to its client: the gateway has limits and an id of
    /// its own, and what the call used is for the gateway alone.
    static func ofInstance(_ headers: [HeaderField]) -> HTTPFields {
        HTTPFields(
            toClient(headers).filter { field in
                let name = field.name.canonicalName
                return !name.utf8.starts(with: "x-ratelimit-".utf8)
                    && !name.utf8.starts(with: "anthropic-ratelimit-".utf8)
            })
    }

    /// All but what is between two neighbours or between an instance and its gateway; the
    /// message's length stays what it is.
    static func toClient(_ headers: [HeaderField]) -> HTTPFields {
        var fields = HTTPFields()
        for header in headers {
            // What is no field's name can't be passed on as one.
            guard let name = HTTPField.Name(header.name) else { continue }
            fields.append(HTTPField(name: name, value: header.value))
        }
        let dropped = neighbours.union(internals).union(named(by: fields))
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
        "proxy-authorization", "sec-websocket-extensions", "te", "trailer",
        "transfer-encoding", "upgrade",
    ]
    private static let framing: Set<String> = [
        "host", "content-length", "expect", "x-weir-identity", "x-request-id",
    ]
    private static let ownToMessage = framing.union(["authorization"])
    /// Said by the gateway itself, or by nobody.
    private static let provenance: Set<String> = [
        "forwarded", "x-real-ip", "x-forwarded-for", "x-forwarded-host", "x-forwarded-port",
        "x-forwarded-proto", "x-forwarded-server",
    ]
    /// Of a reply: the gateway says its own.
    private static let internals: Set<String> = [
        "date", "x-request-id", "request-id", "x-weir-identity", "x-weir-instance",
        "x-weir-tokens",
    ]
    private static let vendorCredentials: Set<String> = ["x-api-key", "x-goog-api-key"]
}
