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

        func submit(_ exchange: Exchange) {
            if loop.inEventLoop {
                pool.value.submit(exchange)
            } else {
                loop.execute { pool.value.submit(exchange) }
            }
        }
    }

    /// - Parameter address: where to connect to, if that isn't left to the base's host.
    init(
        _ limits: TransportLimits, base: BaseURL, address: SocketAddress? = nil,
        tls: NIOSSLContext?, group: any EventLoopGroup
    ) {
        let loops = Array(group.makeIterator())
        let shares = PoolSettings.shares(
            of: limits, base: base, address: address, tls: tls, count: loops.count)
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
        guard let member = leastLoaded() else { return .notSent("no event loop") }
        let deadline = NIODeadline.now() + PoolSet.bounded(timeout)
        let wish = stream.map(Exchange.Wish.stream) ?? .whole
        member.load.increase()
        return await withCheckedContinuation { continuation in
            member.submit(
                Exchange(
                    request: request, deadline: deadline, wish: wish,
                    caller: .init(load: member.load, continuation: continuation)))
        }
    }

    /// Sends once and waits for the reply's head, or for the whole reply; where the caller's task
    /// is cancelled the exchange ends.
    ///
    /// - Parameters:
    ///   - connect: the longest wait for a connection.
    ///   - total: of the whole exchange.
    func exchange(
        _ request: ByteBuffer, connect: Duration, total: Duration, wish: Exchange.Wish
    ) async -> Exchange.Outcome {
        guard let member = leastLoaded() else { return .notSent("no event loop") }
        let now = NIODeadline.now()
        let ticket = ExchangeTicket()
        member.load.increase()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                member.submit(
                    Exchange(
                        request: request, deadline: now + PoolSet.bounded(total),
                        patience: now + PoolSet.bounded(connect), wish: wish, ticket: ticket,
                        caller: .init(load: member.load, continuation: continuation)))
            }
        } onCancel: {
            ticket.void()
            member.loop.execute { member.pool.value.abandon(ticket) }
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

    private static func bounded(_ time: Duration) -> TimeAmount {
        TimeAmount(max(.zero, min(time, TransportLimits.longestTimeout)))
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
