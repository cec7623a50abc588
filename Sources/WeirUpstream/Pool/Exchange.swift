import NIOCore
import Synchronization
import WeirService

/// One request on its way to a reply; resolved exactly once, by the pool that it was given to.
struct Exchange: Sendable {
    enum Outcome: Sendable {
        case reply(HTTPReply)
        case notSent(String)
        case lost(UpstreamOutcome.Loss)
        /// The head of a streamed reply is there; its body tells the rest.
        case opened(ReplyBody)
    }

    /// How its caller wants the reply.
    enum Wish: Sendable {
        /// Collected whole.
        case whole
        /// A 2xx as it comes, any other collected whole.
        case stream(StreamLimits)
        /// Of any status as it comes, whatever its coding.
        ///
        /// - Parameter isHead: whether HEAD was asked, so that no body follows.
        case relay(within: Duration, isHead: Bool)
        /// The same, where the request asks for another protocol: behind a 101 the connection's
        /// bytes are the body, whatever they say.
        case tunnel(within: Duration)

        var isRelay: Bool {
            switch self {
            case .relay, .tunnel: true
            case .whole, .stream: false
            }
        }
        var isTunnel: Bool { if case .tunnel = self { true } else { false } }
        var isHead: Bool { if case .relay(_, isHead: true) = self { true } else { false } }
    }

    /// Who waits for the outcome. Kept when the request itself is gone: it is never sent again.
    struct Caller: Sendable {
        let load: PoolLoad
        let continuation: CheckedContinuation<Outcome, Never>

        func resolve(_ outcome: Outcome) {
            load.decrease()
            continuation.resume(returning: outcome)
        }

        /// The caller goes on; the exchange itself ends with its body.
        func open(_ body: ReplyBody) { continuation.resume(returning: .opened(body)) }
    }

    /// Head and body.
    let request: ByteBuffer
    /// Of the whole exchange.
    let deadline: NIODeadline
    /// Until when it waits for a connection; nil: as long as the pool allows.
    var patience: NIODeadline?
    let wish: Wish
    /// Nil where it can't be abandoned.
    var ticket: ExchangeTicket?
    let caller: Caller

    func resolve(_ outcome: Outcome) { caller.resolve(outcome) }
}

/// How many exchanges a pool has at hand, readable from every thread: a hint for the choice of a
/// pool, not a limit.
final class PoolLoad: Sendable {
    private let value = Atomic<Int>(0)

    var count: Int { value.load(ordering: .relaxed) }
    func increase() { value.add(1, ordering: .relaxed) }
    func decrease() { value.subtract(1, ordering: .relaxed) }
}
