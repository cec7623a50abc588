import NIOCore
import NIOPosix
import NIOSSL

extension EndpointPool {
    func connect(_ count: Int) {
        for _ in 0..<count { connect() }
    }

    private func connect() {
        let pool = NIOLoopBound(self, eventLoop: loop)
        let bootstrap = ClientBootstrap(group: loop)
            .connectTimeout(TimeAmount(settings.limits.connectTimeout))
            // Without it a request that doesn't fill a segment may wait for a delayed ACK.
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.socketOption(.so_keepalive), value: 1)
            // An orderly end is an event of its own then, told apart from a cut. TLS has its own
            // sign for that.
            .channelOption(.allowRemoteHalfClosure, value: settings.tls == nil)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try pool.value.prepare(channel) }
            }
        dial(bootstrap)
            .assumeIsolated()
            .flatMap { channel in pool.value.readiness(of: channel) }
            .whenComplete { result in pool.value.connectEnded(result) }
    }

    /// An address needs no resolver, which would cost a change of threads.
    private func dial(_ bootstrap: ClientBootstrap) -> EventLoopFuture<any Channel> {
        let base = settings.base
        if let address = settings.address { return bootstrap.connect(to: address) }
        guard base.isAddress else { return bootstrap.connect(host: base.host, port: base.port) }
        do {
            return bootstrap.connect(
                to: try SocketAddress(ipAddress: base.host, port: base.port))
        } catch {
            return loop.makeFailedFuture(error)
        }
    }

    private func prepare(_ channel: any Channel) throws {
        let operations = channel.pipeline.syncOperations
        if let tls = settings.tls {
            let name = settings.base.isAddress ? nil : settings.base.host
            try operations.addHandler(NIOSSLClientHandler(context: tls, serverHostname: name))
        }
        let connection = UpstreamConnection(pool: self)
        try operations.addHandler(connection)
        try operations.addHandler(ReplyPartReceiver(connection))
    }

    /// The bootstrap is done with TCP; TLS may still be under way.
    private func readiness(of channel: any Channel) -> EventLoopFuture<any Channel> {
        do {
            let connection = try connection(of: channel)
            guard let readiness = connection.readiness else {
                throw ConnectFailure("the connection was closed at once")
            }
            opening[ObjectIdentifier(connection)] = connection
            return readiness.futureResult.assumeIsolated().map {
                self.opening[ObjectIdentifier(connection)] = nil
                return channel
            }.flatMapErrorThrowing { error in
                self.opening[ObjectIdentifier(connection)] = nil
                throw error
            }.nonisolated()
        } catch {
            return loop.makeFailedFuture(error)
        }
    }

    private func connection(of channel: any Channel) throws -> UpstreamConnection {
        try channel.pipeline.syncOperations.handler(type: UpstreamConnection.self)
    }

    private func connectEnded(_ result: Result<any Channel, any Error>) {
        do {
            let channel = try result.get()
            guard channel.isActive else { throw ConnectFailure("closed at once") }
            let connection = try connection(of: channel)
            open[ObjectIdentifier(connection)] = connection
            carryOut(state.connected(connection), connection)
        } catch {
            let (victim, connects) = state.connectFailed()
            let failure = ConnectFailure(error, base: settings.base)
            victim?.resolve(.notSent(failure.description))
            completeDraining()
            guard connects > 0 else { return }
            // Not at once: where connects fail at once, all that wait would pile up on the stack.
            loop.assumeIsolated().execute { self.connect(connects) }
        }
    }

    func carryOut(
        _ placement: PoolState<UpstreamConnection, Exchange>.Placement,
        _ connection: UpstreamConnection
    ) {
        var placement = placement
        // The wait alarm can be late; each turn takes one that waits away.
        while case .serve(let exchange) = placement, exchange.deadline <= .now() {
            exchange.resolve(.notSent("timed out before it was sent"))
            placement = state.released(connection)
        }
        switch placement {
        case .serve(let exchange) where !connection.isUsable(for: exchange):
            connection.close()
            // Not tried on and on where each connection is closed as soon as it is there.
            if connection.isFresh {
                exchange.resolve(.notSent("the connection was closed at once"))
            } else {
                submit(exchange)
            }
        case .serve(let exchange): connection.perform(exchange)
        case .keep: connection.rest()
        case .close: connection.close()
        }
    }
}
