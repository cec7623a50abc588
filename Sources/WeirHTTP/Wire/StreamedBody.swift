import HTTPTypes
import NIOCore
import WeirCore
import WeirService

/// An answer's body that comes in pieces. One task asks for them, up to the end, or abandons it.
protocol StreamedBody: Sendable {
    /// Waits for the next piece; nil at the end. Throws where the end will never come: then the
    /// connection is closed, so that the client doesn't take what it has for the whole.
    mutating func next() async throws -> [UInt8]?

    /// The client has left.
    mutating func abandon() async

    /// What is said behind the end; asked for there.
    var trailers: HTTPFields? { get }

    /// The connection that it goes out on, before the first piece is asked for.
    func attach(to channel: any Channel)
}

extension StreamedBody {
    func attach(to channel: any Channel) {}
}

/// A completion as it is made. It ends cleanly whatever became of it: what went wrong is said in
/// it.
struct LiveBody: StreamedBody {
    private let stream: LiveStream
    private var delivery: StreamDelivery?
    /// Told apart from a delivery that is there: to compare that one it would be copied.
    private var isBegun = false

    init(_ stream: LiveStream) { self.stream = stream }

    let trailers: HTTPFields? = nil

    mutating func next() async -> [UInt8]? {
        if !isBegun {
            isBegun = true
            delivery = stream.begin()
        }
        return await delivery?.next()
    }

    mutating func abandon() async { await delivery?.abandon() }
}

/// A body of an answer to a gateway: behind its end stands what the call used.
struct MeteredBody: StreamedBody {
    private var body: any StreamedBody
    private let meter: CallMeter

    init(_ body: any StreamedBody, _ meter: CallMeter) {
        self.body = body
        self.meter = meter
    }

    mutating func next() async throws -> [UInt8]? { try await body.next() }

    mutating func abandon() async { await body.abandon() }

    var trailers: HTTPFields? {
        guard let tokens = meter.tokens else { return nil }
        return [.tokens: String(tokens)]
    }
}
