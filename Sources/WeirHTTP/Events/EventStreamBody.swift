import HTTPTypes
import NIOCore
import WeirCore
import WeirService

/// A stream of events as server-sent events (HTML standard, section 9.2). It begins with the number
/// to come back with, so that a client which loses its connection before the first event loses
/// nothing.
struct EventStreamBody: StreamedBody {
    private var stream: EventStream
    private var phase = Phase.opening
    let trailers: HTTPFields? = nil

    static let contentType = "text/event-stream"

    private enum Phase { case opening, running, ended }

    init(_ stream: EventStream) { self.stream = stream }

    mutating func next() async -> [UInt8]? {
        switch phase {
        case .opening:
            phase = .running
            return opening
        case .running: return await told()
        case .ended: return nil
        }
    }

    mutating func abandon() async { stream.leave() }

    /// Closes the connection of a client that takes nothing, and ends the stream of one that has
    /// gone.
    func attach(to channel: any Channel) {
        stream.onCut { channel.close(promise: nil) }
        channel.closeFuture.whenComplete { [leave = stream.leave] _ in leave() }
    }

    private var opening: [UInt8] {
        let start = stream.start
        var text = "retry: \(EventStreamBody.retry)\nid: \(start)\n"
        if stream.isReset { text += "event: reset\ndata: {\"last_event_id\":\"\(start)\"}\n" }
        return Array("\(text)\n".utf8)
    }

    private mutating func told() async -> [UInt8]? {
        switch await stream.next() {
        case .events(let events): return events.flatMap(text)
        case .quiet: return Array(":\n\n".utf8)
        case .end(.draining):
            phase = .ended
            // Not all at once, and soon: another process is there for them.
            return Array("retry: \(Int.random(in: 500...3_000))\n\n".utf8)
        case .end: return nil
        }
    }

    private func text(_ event: Event) -> [UInt8] {
        Array("id: \(event.sequence)\nevent: \(event.type)\ndata: ".utf8) + EventText.data(event)
            + [0x0A, 0x0A]
    }

    /// Milliseconds after which a client comes back.
    private static let retry = 3_000
}
