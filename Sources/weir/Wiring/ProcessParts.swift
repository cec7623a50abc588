import ServiceLifecycle
import WeirHTTP

/// What a process of one role is made of, ready to serve.
struct ProcessParts: Sendable {
    var useCases: UseCases
    /// Nil where there is no configuration to read again.
    let reload: ConfigurationReload?
    /// Run from before the first request to the end, in the order in which they start.
    var loops: [any Service] = []
    /// The process begins to end: nothing new is begun.
    var drain: @Sendable () -> Void = {}
    /// Cuts off what is still in flight when the time to drain is over.
    var cut: @Sendable () async -> Void = {}
    /// Closes what the parts hold, when nothing runs any more.
    var stop: @Sendable () async -> Void = {}
}

/// Runs until the server has ended.
struct Loop: Service {
    let body: @Sendable () async -> Void

    init(_ body: @escaping @Sendable () async -> Void) { self.body = body }

    func run() async throws { await cancelWhenGracefulShutdown(body) }
}

/// Runs to its own end, which `drain` or `cut` brings about, and then until the server has ended: a
/// service that is over before its turn ends all the others, and the calls in flight with them.
struct Work: Service {
    let body: @Sendable () async -> Void

    init(_ body: @escaping @Sendable () async -> Void) { self.body = body }

    func run() async throws {
        await body()
        try await gracefulShutdown()
    }
}
