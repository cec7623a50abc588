import NIOCore
import WeirCore

/// Writes requests to one instance as their callers sent them: theirs are method, target, body and
/// the fields for the other end; framing and host are ours.
struct ForwardTemplate: Sendable {
    private let pathPrefix: [UInt8]
    /// The request line's end and the host.
    private let fixedFields: [UInt8]

    init(_ base: BaseURL) {
        pathPrefix = Array(base.pathPrefix.utf8)
        fixedFields = Array(" HTTP/1.1\r\nhost: \(base.authority)\r\n".utf8)
    }

    /// - Parameters:
    ///   - method: any token but CONNECT, after which a connection would be no HTTP any more.
    ///   - target: begins with a slash, behind it any visible ASCII; what it means is the
    ///     instance's to say.
    ///   - isUpgrade: whether the connection is asked to speak WebSocket from there on.
    func encode(
        method: String, target: String, fields: [HeaderField], body: [UInt8],
        isUpgrade: Bool = false
    ) throws(RequestDefect) -> ByteBuffer {
        guard method.isToken, method != "CONNECT" else {
            throw RequestDefect("the method can't be sent on")
        }
        guard target.utf8.first == .slash, target.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { throw RequestDefect("the target holds a byte that must not be in one") }
        var size = method.utf8.count + pathPrefix.count + target.utf8.count + fixedFields.count + 64
        for field in fields {
            try field.checkForm()
            size += field.name.utf8.count + field.value.utf8.count + 4
        }
        var buffer = ByteBuffer()
        buffer.reserveCapacity(size + body.count)
        buffer.writeString(method)
        buffer.writeInteger(UInt8.space)
        buffer.writeBytes(pathPrefix)
        buffer.writeString(target)
        buffer.writeBytes(fixedFields)
        for field in fields where !ForwardTemplate.isOurs(field.name) {
            buffer.writeString(field.name)
            buffer.writeStaticString(": ")
            buffer.writeString(field.value)
            buffer.writeStaticString("\r\n")
        }
        if isUpgrade {
            buffer.writeStaticString("connection: upgrade\r\nupgrade: websocket\r\n")
        }
        if !body.isEmpty || ForwardTemplate.usuallyHasBody(method) {
            buffer.writeStaticString("content-length: ")
            buffer.writeString(String(body.count))
            buffer.writeStaticString("\r\n")
        }
        buffer.writeStaticString("\r\n")
        buffer.writeBytes(body)
        return buffer
    }

    /// The body is here already, so nothing is to be expected, and no trailer follows it.
    private static func isOurs(_ name: String) -> Bool {
        if HeaderField.isBetweenNeighbours(name) { return true }
        return switch name.utf8.count {
        case 4: name.isSameIgnoringCase(as: "host")
        case 6: name.isSameIgnoringCase(as: "expect")
        case 7: name.isSameIgnoringCase(as: "trailer")
        case 14: name.isSameIgnoringCase(as: "content-length")
        default: false
        }
    }

    /// These say so where it is empty.
    private static func usuallyHasBody(_ method: String) -> Bool {
        method == "POST" || method == "PUT" || method == "PATCH"
    }
}
