import HTTPTypes
import WeirCore
import WeirService

/// An instance's body on its way to a client, as it comes.
struct ForwardedBody: StreamedBody {
    private let reply: ForwardedReply
    /// Nil once what the call used is known, or will never be, and where nothing limits it.
    private var open: CallPermit?
    /// The call's place in flight, held to the end.
    private let permit: CallPermit?
    private let client: (any ClientConnection)?
    private var isWatched = false

    /// - Parameters:
    ///   - permit: where the call is counted it is told what the call used, by the instance's own
    ///     account; a call of which that says nothing was refused there, and counts nothing.
    ///   - isCounted: false for services that keep no such account.
    init(
        _ reply: ForwardedReply, _ permit: CallPermit?, _ client: (any ClientConnection)?,
        isCounted: Bool = true
    ) {
        self.reply = reply
        self.permit = permit
        self.client = client
        guard isCounted else { return }
        open = permit
        if let tokens = GatewayCall.tokens(reply.headers) {
            permit?.use(tokens)
            open = nil
        }
    }

    /// What stands behind an instance's body is for the gateway.
    let trailers: HTTPFields? = nil

    mutating func next() async throws -> [UInt8]? {
        if !isWatched {
            isWatched = true
            client?.onLeaving { [reply] in reply.cancel() }
        }
        switch await reply.next() {
        case .bytes(let bytes): return bytes
        case .end:
            client?.onLeaving(nil)
            if let tokens = GatewayCall.tokens(reply.trailers) {
                open?.use(tokens)
            } else {
                open?.giveBack()
            }
            open = nil
            return nil
        case .lost:
            keep()
            throw BrokenReply()
        }
    }

    mutating func abandon() async {
        reply.cancel()
        keep()
    }

    /// Nobody will say what was used.
    private mutating func keep() {
        client?.onLeaving(nil)
        open?.keep()
        open = nil
    }
}

/// The instance was lost in the middle of its body.
struct BrokenReply: Error {}
