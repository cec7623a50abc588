import NIOCore
import NIOHTTP1
import Synchronization
import WeirCore
package import WeirService

/// The body of one streamed reply, between the connection that receives it and the task that reads
/// it. Holds a bounded number of bytes: above that the connection is read no further.
package final class ReplyBody: UpstreamBody {
    private struct State {
        var bytes: [UInt8] = []
        var isPaused = false
        var end: UpstreamChunk?
        var trailers: [HeaderField] = []
        var reader: CheckedContinuation<UpstreamChunk, Never>?
    }

    let head: HTTPResponseHead
    private let state = Mutex(State())
    private let lastToken = Atomic<UInt64>(0)
    private let connection: NIOLoopBound<UpstreamConnection>
    private let loop: any EventLoop

    /// Above this the connection rests; what one read brings comes on top.
    private static let highMark = 64 << 10

    init(_ connection: UpstreamConnection, loop: any EventLoop, head: HTTPResponseHead) {
        self.head = head
        self.connection = NIOLoopBound(connection, eventLoop: loop)
        self.loop = loop
    }

    // MARK: - What the reader does

    package func next() async -> UpstreamChunk {
        await withCheckedContinuation { continuation in
            let (chunk, resumes) = state.withLock { state -> (UpstreamChunk?, Bool) in
                guard state.bytes.isEmpty else {
                    let bytes = state.bytes
                    state.bytes = []
                    defer { state.isPaused = false }
                    return (.bytes(bytes), state.isPaused)
                }
                if let end = state.end { return (end, false) }
                precondition(state.reader == nil, "a body has one reader")
                state.reader = continuation
                return (nil, false)
            }
            if let chunk { continuation.resume(returning: chunk) }
            if resumes { onLoop { $0.goOn() } }
        }
    }

    /// Sends more to the other end of a tunnel.
    /// - Returns: whether the connection has taken it: it doesn't where it is no tunnel, or ends.
    package func send(_ bytes: [UInt8]) async -> Bool {
        let sent = loop.flatSubmit { [self] in connection.value.send(bytes, by: self) }
        do {
            try await sent.get()
            return true
        } catch {
            return false
        }
    }

    package func noteToken() {
        lastToken.store(NIODeadline.now().uptimeNanoseconds, ordering: .relaxed)
    }

    package func discard() { onLoop { [self] in $0.discard(self) } }

    package func cancel() { onLoop { [self] in $0.giveUp(self) } }

    // MARK: - What the connection does

    /// Returns whether the connection is to rest.
    func receive(_ bytes: [UInt8]) -> Bool {
        let (reader, rests) = state.withLock {
            state -> (CheckedContinuation<UpstreamChunk, Never>?, Bool) in
            if let reader = state.reader {
                state.reader = nil
                return (reader, false)
            }
            state.bytes.append(contentsOf: bytes)
            state.isPaused = state.bytes.count > ReplyBody.highMark
            return (nil, state.isPaused)
        }
        reader?.resume(returning: .bytes(bytes))
        return rests
    }

    func finish(_ end: UpstreamChunk, trailers: [HeaderField] = []) {
        let reader = state.withLock { state -> CheckedContinuation<UpstreamChunk, Never>? in
            guard state.end == nil else { return nil }
            state.end = end
            state.trailers = trailers
            defer { state.reader = nil }
            return state.reader
        }
        reader?.resume(returning: end)
    }

    /// Whether the connection is done with it, and what is here is all.
    var isComplete: Bool { state.withLock { $0.end != nil } }

    /// What came behind it; there once it is complete.
    var trailers: [HeaderField] { state.withLock { $0.trailers } }

    /// Bytes that wait for the reader.
    var waitingBytes: Int { state.withLock { $0.bytes.count } }

    /// When the last token came; nil before the first.
    var tokenTime: NIODeadline? {
        let time = lastToken.load(ordering: .relaxed)
        return time == 0 ? nil : .uptimeNanoseconds(time)
    }

    private func onLoop(_ act: @escaping @Sendable (UpstreamConnection) -> Void) {
        let connection = connection
        if loop.inEventLoop {
            act(connection.value)
        } else {
            loop.execute { act(connection.value) }
        }
    }
}
