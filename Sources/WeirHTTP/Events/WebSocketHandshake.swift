import HTTPTypes
import NIOHTTP1
import WeirCore

/// What a client says that wants its connection to speak WebSocket (RFC 6455, section 4.2.1).
struct WebSocketHandshake {
    /// The one subprotocol that is spoken; nil where the client offers none.
    let subprotocol: String?
    /// The request as any other, the key out of the subprotocols in its place.
    let head: CallHead

    static let path = "/ai/events/ws"
    private static let spoken = "weir.v1"
    private static let keyPrefix = "bearer."

    /// Whether it is meant as one, sound or not.
    static func isMeant(_ head: HTTPRequestHead) -> Bool {
        let path = head.uri.utf8.prefix { $0 != UInt8(ascii: "?") }
        return head.method == .GET && path.elementsEqual(self.path.utf8)
            && head.headers.contains(name: "upgrade")
    }

    init(_ head: HTTPRequestHead) throws(WeirError) {
        let fields = head.headers
        func words(_ name: String) -> [String] {
            fields[canonicalForm: name].map { $0.lowercased() }
        }
        guard head.version == .http1_1, words("upgrade").contains("websocket"),
            words("connection").contains("upgrade")
        else { throw WebSocketHandshake.refusal("This path speaks WebSocket over HTTP/1.1 alone") }
        guard fields["sec-websocket-version"] == ["13"] else {
            throw WebSocketHandshake.refusal("Sec-WebSocket-Version must be 13")
        }
        let keys = fields["sec-websocket-key"]
        guard keys.count == 1, WebSocketHandshake.isNonce(Array(keys[0].utf8)) else {
            throw WebSocketHandshake.refusal(
                "Sec-WebSocket-Key must be given once, 16 bytes in base64")
        }
        let offered = fields[canonicalForm: "sec-websocket-protocol"].map(String.init)
        subprotocol = offered.first { $0 == WebSocketHandshake.spoken }
        guard offered.isEmpty || subprotocol != nil else {
            throw WebSocketHandshake.refusal("None of the subprotocols is spoken here")
        }
        var headers = HTTPFields()
        for (name, value) in fields where name.lowercased() != "sec-websocket-protocol" {
            // The server passes over what is no name, too.
            guard let name = HTTPField.Name(name) else { continue }
            headers.append(HTTPField(name: name, value: value))
        }
        for text in offered where text.utf8.starts(with: WebSocketHandshake.keyPrefix.utf8) {
            let key = text.dropFirst(WebSocketHandshake.keyPrefix.count)
            headers.append(HTTPField(name: .authorization, value: "Bearer \(key)"))
        }
        self.head = CallHead(method: .get, target: head.uri, headers: headers, isUpgrade: true)
    }

    private static func refusal(_ message: String) -> WeirError {
        WeirError(.invalidRequest, message)
    }

    /// 22 characters of base64 and its padding.
    private static func isNonce(_ text: [UInt8]) -> Bool {
        text.count == 24 && text.suffix(2).elementsEqual("==".utf8)
            && text.prefix(22).allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"),
                    UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"),
                    UInt8(ascii: "/"):
                    true
                default: false
                }
            }
    }
}
