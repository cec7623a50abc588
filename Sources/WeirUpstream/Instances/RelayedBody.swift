import WeirCore
import WeirService

/// The body of an instance's reply, for the one who reads it. Where nobody holds it any more its
/// connection ends.
final class RelayedBody: InstanceBody {
    private let body: ReplyBody

    init(_ body: ReplyBody) { self.body = body }

    var trailers: [HeaderField] { body.trailers }

    func next() async -> UpstreamChunk { await body.next() }

    func send(_ bytes: [UInt8]) async -> Bool { await body.send(bytes) }

    /// Whatever comes is taken for a token, without being told.
    func noteToken() {}

    func discard() { body.discard() }

    func cancel() {
        if !body.isComplete { body.cancel() }
    }

    /// Bytes that wait for the reader.
    var waitingBytes: Int { body.waitingBytes }

    deinit { cancel() }
}
