import NIOCore
import NIOPosix
import Synchronization

/// One configured URL and the addresses that its host was last known by.
final class ConfiguredHost: Sendable {
    typealias Lookup = @Sendable (_ host: String, _ port: Int) throws -> [SocketAddress]

    let base: BaseURL
    private let lookup: Lookup
    private let state: Mutex<State>

    private struct State: Sendable {
        var known: [SocketAddress]?
        /// One at a time: a resolver that hangs isn't given more to hang on.
        var isLookingUp = false
    }

    init(_ base: BaseURL, lookup: @escaping Lookup) {
        self.base = base
        self.lookup = lookup
        // An address stays what it is.
        let fixed = base.isAddress ? try? SocketAddress(ipAddress: base.host, port: base.port) : nil
        state = Mutex(State(known: fixed.map { [$0] }))
    }

    /// The addresses as they are now, or as they were last known, where that isn't found out within
    /// the time; nil: never known. What comes later is there the next time.
    func addresses(within limit: Duration, on loop: any EventLoop) async -> [SocketAddress]? {
        guard !base.isAddress, begin() else { return known }
        let answer = loop.makePromise(of: Void.self)
        let timer = loop.scheduleTask(in: TimeAmount(limit)) { answer.succeed() }
        NIOThreadPool.singleton.submit { [self] thread in
            // A thread that isn't active belongs to a pool that is shutting down.
            end(thread == .active ? try? lookup(base.host, base.port) : nil)
            timer.cancel()
            answer.succeed()
        }
        // It is only ever fulfilled; the event loop outlives the clients on it.
        try? await answer.futureResult.get()
        return known
    }

    private var known: [SocketAddress]? { state.withLock { $0.known } }

    private func begin() -> Bool {
        state.withLock { state in
            guard !state.isLookingUp else { return false }
            state.isLookingUp = true
            return true
        }
    }

    /// No answer, or an empty one, changes nothing.
    private func end(_ addresses: [SocketAddress]?) {
        state.withLock { state in
            state.isLookingUp = false
            if let addresses, !addresses.isEmpty { state.known = addresses }
        }
    }
}
