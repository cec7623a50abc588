import NIOCore
import NIOPosix
import NIOSSL
import WeirService

/// One endpoint's pools, one for each event loop, reachable from every thread.
final class PoolSet: Sendable {
    private let members: [Member]

    private struct Member: Sendable {
        let loop: any EventLoop
        let capacity: Int
        let load = PoolLoad()
        let pool: NIOLoopBoundBox<EndpointPool>
    }

    init(
        _ limits: TransportLimits, base: BaseURL, tls: NIOSSLContext?, group: any EventLoopGroup
    ) {
        let loops = Array(group.makeIterator())
        let shares = PoolSettings.shares(of: limits, base: base, tls: tls, count: loops.count)
        members = zip(loops, shares).compactMap { loop, settings in
            guard settings.connections > 0 else { return nil }
            return Member(
                loop: loop, capacity: settings.connections,
                pool: .makeBoxSendingValue(EndpointPool(settings, loop: loop), eventLoop: loop))
        }
    }

    /// Sends once and waits, whatever becomes of the caller's task.
    ///
    /// - Parameter stream: where a 2xx reply is to be given as it comes; else it is collected.
    func exchange(
        _ request: ByteBuffer, timeout: Duration, stream: StreamLimits? = nil
    ) async -> Exchange.Outcome {
        guard timeout > .zero else { return .notSent("timed out before it was sent") }
        let wait = TimeAmount(min(timeout, TransportLimits.longestTimeout))
        let deadline = NIODeadline.now() + wait
        guard let member = leastLoaded() else { return .notSent("no event loop") }
        member.load.increase()
        return await withCheckedContinuation { continuation in
            let exchange = Exchange(
                request: request, deadline: deadline, stream: stream,
                caller: .init(load: member.load, continuation: continuation))
            if member.loop.inEventLoop {
                member.pool.value.submit(exchange)
            } else {
                member.loop.execute { member.pool.value.submit(exchange) }
            }
        }
    }

    func shutDown(within limit: Duration) async {
        for member in members {
            let ended = member.loop.flatSubmit {
                let pool = member.pool.value
                let drained = pool.shutDown()
                let cut = member.loop.scheduleTask(in: TimeAmount(limit)) {
                    member.pool.value.cutOff()
                }
                drained.whenComplete { _ in cut.cancel() }
                return drained
            }
            // The promise is only ever fulfilled; where the event loop is gone nothing is open.
            try? await ended.get()
        }
    }

    func connectionCount() async -> Int {
        var count = 0
        for member in members {
            // An event loop that is gone has no connections.
            let part = try? await member.loop.submit { member.pool.value.connectionCount }.get()
            count += part ?? 0
        }
        return count
    }

    /// The caller's own event loop while it has connections to spare, which saves a change of
    /// threads; else the one with the least to do.
    private func leastLoaded() -> Member? {
        if let current = MultiThreadedEventLoopGroup.currentEventLoop,
            let own = members.first(where: { $0.loop === current }),
            own.load.count < own.capacity
        {
            return own
        }
        return members.min { $0.load.count < $1.load.count }
    }
}
