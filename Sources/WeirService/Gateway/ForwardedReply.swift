import Synchronization
package import WeirCore

/// An instance's reply on its way back. Its instance has the call in flight until the body's end,
/// or until nobody holds the reply any more.
package final class ForwardedReply: Sendable {
    package let status: Int
    package let headers: [HeaderField]
    private let body: any InstanceBody
    private let pool: BalancedPool
    private let lease: InstanceLease
    /// Of the instance, where the reply comes to its end.
    private let outcome: InstanceOutcome
    private let isOver = Atomic(false)

    init(
        status: Int, headers: [HeaderField], body: any InstanceBody, pool: BalancedPool,
        lease: InstanceLease, outcome: InstanceOutcome
    ) {
        self.status = status
        self.headers = headers
        self.body = body
        self.pool = pool
        self.lease = lease
        self.outcome = outcome
    }

    /// What came behind the body; there once `next` has told its end.
    package var trailers: [HeaderField] { body.trailers }

    /// Waits for more of the body; one task asks.
    package func next() async -> UpstreamChunk {
        let chunk = await body.next()
        switch chunk {
        case .bytes: break
        case .end: end(outcome)
        case .lost: end(.failure)
        }
        return chunk
    }

    /// Sends more to the instance, behind a 101; returns whether it was taken.
    package func send(_ bytes: [UInt8]) async -> Bool { await body.send(bytes) }

    /// The client left: so does the instance's, which then ends the call by its own rules.
    package func cancel() {
        if end(.neutral) { body.cancel() }
    }

    /// - Returns: Whether it wasn't over before.
    @discardableResult
    private func end(_ outcome: InstanceOutcome) -> Bool {
        guard !isOver.exchange(true, ordering: .relaxed) else { return false }
        pool.end(lease, outcome)
        return true
    }

    deinit { cancel() }
}
