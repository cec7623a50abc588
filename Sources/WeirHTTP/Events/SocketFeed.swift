import NIOWebSocket
import WeirCore
import WeirService

/// Turns a stream of events into messages, one after the other as they are taken.
struct SocketFeed {
    var stream: EventStream

    enum Message: Sendable {
        case text([UInt8])
        case ping
        case close(WebSocketErrorCode)
    }

    /// 1013 (IANA's registry of close codes).
    static let tryAgainLater = WebSocketErrorCode.unknown(1_013)

    /// Runs until the stream ends, or a message isn't taken.
    ///
    /// - Parameters:
    ///   - last: what the client says that it has.
    ///   - send: returns when the messages are taken.
    consuming func run(
        after last: Int64?, _ send: @Sendable ([Message]) async throws -> Void
    ) async {
        var stream = stream
        do {
            if let last { try await stream.move(after: last) }
            let opening = stream.isReset ? "reset" : "open"
            try await send([.text(SocketFeed.message(stream.start, opening, Array("{}".utf8)))])
            while true {
                switch await stream.next() {
                case .events(let events): try await send(events.map(SocketFeed.message))
                case .quiet: try await send([.ping])
                case .end(let reason):
                    if let code = SocketFeed.code(reason) { try await send([.close(code)]) }
                    return
                }
            }
        } catch is WeirError {
            // The outbox can't be read; and where this isn't heard any more, nobody listens.
            try? await send([.close(SocketFeed.tryAgainLater)])
        } catch {
            // The connection has ended, and the stream ends with it.
            return
        }
    }

    private static func message(_ event: Event) -> Message {
        .text(message(event.sequence, event.type, EventText.data(event)))
    }

    private static func message(_ id: Int64, _ event: String, _ data: [UInt8]) -> [UInt8] {
        Array("{\"id\":\(id),\"event\":\"\(event)\",\"data\":".utf8) + data + [UInt8(ascii: "}")]
    }

    /// Nil where nobody is there to hear it.
    private static func code(_ reason: EventStreamEnd) -> WebSocketErrorCode? {
        switch reason {
        case .draining: .goingAway
        case .revoked: .policyViolation
        case .slow, .failed: tryAgainLater
        case .left: nil
        }
    }
}
