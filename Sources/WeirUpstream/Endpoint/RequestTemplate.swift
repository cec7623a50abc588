import NIOCore
import WeirCore

/// The methods that this client sends.
package enum RequestMethod: String, Sendable {
    case get = "GET"
    case post = "POST"
    case put = "PUT"
    case patch = "PATCH"
    case delete = "DELETE"
}

/// Writes requests to one endpoint. What never changes is encoded once; head and body become one
/// buffer, so that a request is one write to the socket.
struct RequestTemplate: Sendable {
    private let pathPrefix: [UInt8]
    private let fixedFields: [UInt8]

    /// - Parameter fields: sent with every request, as credentials are.
    init(
        _ base: BaseURL, fields: [HeaderField], keepsAlive: Bool = true
    ) throws(RequestDefect) {
        for field in fields { try RequestTemplate.check(field) }
        var text = " HTTP/1.1\r\nhost: \(base.authority)\r\nuser-agent: weir\r\n"
        // Compressed replies are refused: a small one can hide a huge one.
        text += "accept-encoding: identity\r\n"
        if !keepsAlive { text += "connection: close\r\n" }
        for field in fields { text += "\(field.name): \(field.value)\r\n" }
        pathPrefix = Array(base.pathPrefix.utf8)
        fixedFields = Array(text.utf8)
    }

    /// - Parameter path: begins with a slash; may hold a query.
    func encode(
        _ method: RequestMethod, path: String, fields: [HeaderField], body: [UInt8]?
    ) throws(RequestDefect) -> ByteBuffer {
        guard RequestTarget.isPathAndQuery(path.utf8) else {
            throw RequestDefect("the path holds a byte that must not be in one")
        }
        var size = pathPrefix.count + path.utf8.count + fixedFields.count + 64
        for field in fields {
            try RequestTemplate.check(field)
            size += field.name.utf8.count + field.value.utf8.count + 4
        }
        var buffer = ByteBuffer()
        buffer.reserveCapacity(size + (body?.count ?? 0))
        buffer.writeString(method.rawValue)
        buffer.writeInteger(UInt8.space)
        buffer.writeBytes(pathPrefix)
        buffer.writeString(path)
        buffer.writeBytes(fixedFields)
        for field in fields {
            buffer.writeString(field.name)
            buffer.writeStaticString(": ")
            buffer.writeString(field.value)
            buffer.writeStaticString("\r\n")
        }
        if let body {
            buffer.writeStaticString("content-length: ")
            buffer.writeString(String(body.count))
            buffer.writeStaticString("\r\n\r\n")
            buffer.writeBytes(body)
        } else {
            buffer.writeStaticString("\r\n")
        }
        return buffer
    }

    /// Names are tokens, values hold no control character but the tab, and nobody but this type
    /// decides on framing.
    private static func check(_ field: HeaderField) throws(RequestDefect) {
        try field.checkForm()
        guard !isReserved(field.name) else {
            throw RequestDefect("header \(field.name) belongs to the transport")
        }
    }

    private static func isReserved(_ name: String) -> Bool {
        switch name.utf8.count {
        case 2: name.isSameIgnoringCase(as: "te")
        case 4: name.isSameIgnoringCase(as: "host")
        case 6: name.isSameIgnoringCase(as: "expect")
        case 7:
            name.isSameIgnoringCase(as: "upgrade") || name.isSameIgnoringCase(as: "trailer")
        case 10:
            name.isSameIgnoringCase(as: "connection") || name.isSameIgnoringCase(as: "keep-alive")
        case 14: name.isSameIgnoringCase(as: "content-length")
        case 15: name.isSameIgnoringCase(as: "accept-encoding")
        case 17: name.isSameIgnoringCase(as: "transfer-encoding")
        default: false
        }
    }
}

/// Why a request can't be written: it would not be one request.
struct RequestDefect: Error, Sendable, Equatable, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
