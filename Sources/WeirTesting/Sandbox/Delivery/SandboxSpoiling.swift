import NIOCore

/// What behaviours do to a finished body, before it is framed.
enum SandboxSpoiling {
    static func spoilt(_ reply: SandboxReply, _ behaviour: SandboxBehaviour) -> SandboxReply {
        guard !behaviour.isEmpty else { return reply }
        var reply = reply
        if behaviour.has(.noEnd), reply.isStream { reply.pieces = reply.pieces.dropLast() }
        if let count = behaviour.number(.breakAfter) {
            reply.pieces = Array(reply.pieces.prefix(count))
        }
        if let count = behaviour.number(.errorEvent), let event = reply.errorEvent {
            reply.pieces = reply.pieces.prefix(count) + [event]
        }
        if let depth = behaviour.number(.nested) { nest(&reply, depth) }
        if let kind = behaviour.word(.garbage) { spoil(&reply, kind) }
        return reply
    }

    /// Puts a deep array into the first object of the body.
    private static func nest(_ reply: inout SandboxReply, _ depth: Int) {
        guard var first = reply.pieces.first,
            let brace = first.readableBytesView.firstIndex(of: UInt8(ascii: "{")),
            let before = first.readSlice(length: brace + 1 - first.readerIndex)
        else { return }
        var bytes = before
        bytes.writeString("\"nested\":")
        bytes.writeRepeatingByte(UInt8(ascii: "["), count: depth)
        bytes.writeRepeatingByte(UInt8(ascii: "]"), count: depth)
        bytes.writeString(",")
        bytes.writeBuffer(&first)
        reply.pieces[0] = bytes
    }

    private static func spoil(_ reply: inout SandboxReply, _ kind: String) {
        switch kind {
        case "truncated":
            var whole = ByteBuffer()
            for var piece in reply.pieces { whole.writeBuffer(&piece) }
            reply.pieces = [whole.readSlice(length: whole.readableBytes / 2) ?? whole]
        case "html":
            reply.contentType = "text/html; charset=utf-8"
            reply.isStream = false
            reply.pieces = [
                ByteBuffer(string: "<html><body><h1>502 Bad Gateway</h1></body></html>\n")
            ]
        case "empty":
            reply.pieces = []
        case "type":
            reply.contentType = "text/plain"
        case "binary":
            reply.pieces = [ByteBuffer(bytes: [0x7B, 0x22, 0xFF, 0xFE, 0x00, 0xC3, 0x28, 0x0A])]
        default:
            let text = reply.isStream ? "data: this is no JSON\n\n" : "this is no JSON"
            reply.pieces = [ByteBuffer(string: text)]
        }
    }
}
