import NIOCore

/// The connections to one endpoint on one event loop. Lives on that loop: everything here is
/// called there and nowhere else.
final class EndpointPool {
    let settings: PoolSettings
    let loop: any EventLoop
    var state: PoolState<UpstreamConnection, Exchange>
    /// Those whose TLS handshake is under way.
    var opening: [ObjectIdentifier: UpstreamConnection] = [:]
    /// Those that have been connected and not closed yet.
    var open: [ObjectIdentifier: UpstreamConnection] = [:]
    private var waitAlarm = LazyAlarm()
    private var waitTimer: Scheduled<Void>?
    private var drained: EventLoopPromise<Void>?

    init(_ settings: PoolSettings, loop: any EventLoop) {
        self.settings = settings
        self.loop = loop
        state = PoolState(
            .init(
                connections: settings.connections, idle: settings.idle, waiting: settings.waiting))
    }

    /// Resolves the exchange in the end, in any case.
    func submit(_ exchange: Exchange) {
        let now = NIODeadline.now()
        guard exchange.deadline > now else {
            return exchange.resolve(.notSent("timed out before it was sent"))
        }
        guard exchange.ticket?.isVoid != true else {
            return exchange.resolve(.notSent("abandoned"))
        }
        let patience = min(
            exchange.deadline,
            exchange.patience ?? now + TimeAmount(settings.limits.waitTimeout))
        // Each turn takes an idle connection away.
        while true {
            switch state.lease(exchange, until: patience) {
            case .use(let connection) where connection.isUsable(for: exchange):
                return connection.perform(exchange)
            case .use(let connection):
                connection.close()
            case .wait(let connects):
                setWaitAlarm(patience)
                return connect(connects)
            case .refuse(let reason):
                return exchange.resolve(.notSent(reason))
            }
        }
    }

    /// Its caller wants no more of it: nothing is sent, or what was sent is cut off.
    func abandon(_ ticket: ExchangeTicket) {
        if let exchange = state.remove(where: { $0.ticket === ticket }) {
            return exchange.resolve(.notSent("abandoned"))
        }
        open.values.first { $0.ticket === ticket }?.cutOff("abandoned")
    }

    /// A connection has done its work and can do more.
    func released(_ connection: UpstreamConnection) {
        carryOut(state.released(connection), connection)
    }

    /// An idle connection is of no more use.
    func retire(_ connection: UpstreamConnection) {
        state.withdraw(connection)
        connection.close()
    }

    /// A channel is gone; of those that never became a connection of this pool nothing is known.
    func closed(_ connection: UpstreamConnection) {
        guard open.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
        connect(state.closed(connection))
        completeDraining()
    }

    /// Refuses what comes and what waits, closes what is idle. The future is done when nothing is
    /// open any more.
    func shutDown() -> EventLoopFuture<Void> {
        let promise = drained ?? loop.makePromise()
        drained = promise
        let (waiters, idle) = state.shutDown()
        for exchange in waiters { exchange.resolve(.notSent("shutting down")) }
        for connection in idle { connection.close() }
        for connection in Array(opening.values) {
            connection.failConnecting(ConnectFailure("shutting down"))
        }
        completeDraining()
        return promise.futureResult
    }

    /// Closes what is still open; what was in flight is lost.
    func cutOff() {
        for connection in Array(open.values) { connection.cutOff("shut down") }
    }

    /// Connections, connecting ones included.
    var connectionCount: Int { state.count }

    func completeDraining() {
        guard state.isShutDown, state.count == 0 else { return }
        waitTimer?.cancel()
        drained?.succeed()
    }
}

// MARK: - Waiting

extension EndpointPool {
    private func setWaitAlarm(_ deadline: NIODeadline) {
        guard let time = waitAlarm.set(deadline) else { return }
        armWaitTimer(time)
    }

    private func armWaitTimer(_ time: NIODeadline) {
        waitTimer?.cancel()
        waitTimer = loop.assumeIsolated().scheduleTask(deadline: time) { self.waitTimerRang() }
    }

    private func waitTimerRang() {
        waitTimer = nil
        let now = NIODeadline.now()
        if case .again(let time) = waitAlarm.rang(now: now) { return armWaitTimer(time) }
        let (expired, next) = state.expire(now: now)
        // Not more often than every 10 ms: each time all that wait are looked at.
        if let next { setWaitAlarm(max(next, now + .milliseconds(10))) }
        for exchange in expired {
            exchange.resolve(.notSent("no connection to \(settings.base.authority) in time"))
        }
    }
}
