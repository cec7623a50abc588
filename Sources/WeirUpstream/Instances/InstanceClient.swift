package import NIOCore
import NIOHTTP1
import Synchronization
package import WeirCore
package import WeirService

/// Carries calls to the instances of all pools over pooled HTTP/1.1 connections.
///
/// A request is one write, and is written once; `notSent` says that none of it was. Where the task
/// of a `forward` is cancelled, or nobody holds the body any more, the connection ends, by which an
/// instance knows that its caller is gone.
package final class InstanceClient: InstanceTransport, Sendable {
    private let group: any EventLoopGroup
    private let limits: TransportLimits
    private let grace: Duration
    private let state = Mutex(State())

    private struct Link: Sendable {
        let pool: InstancePoolName
        let endpoint: InstanceEndpoint
        let template: ForwardTemplate
        let connections: PoolSet
    }

    /// To an instance that is gone.
    private struct OldLink: Sendable {
        let link: Link
        let graceEnd: ContinuousClock.Instant
    }

    private struct State: Sendable {
        var links: [InstanceName: Link] = [:]
        /// In their grace, or with something still in flight.
        var leaving: [ObjectIdentifier: OldLink] = [:]
        var isShutDown = false

        var connections: [PoolSet] {
            links.values.map(\.connections) + leaving.values.map(\.link.connections)
        }
    }

    /// Bodies pass through, so they may be long; only a health check's is collected.
    package static let standardLimits = {
        var limits = TransportLimits()
        limits.connectTimeout = .seconds(2)
        limits.replyBodyBytes = 64 << 10
        limits.streamBodyBytes = 64 << 30
        return limits
    }()

    /// Reaches nobody until a source tells of instances.
    ///
    /// - Parameter grace: how long an instance that was taken away is still sent to, for the calls
    ///   that were given a place there before their pool knew.
    package init(
        group: any EventLoopGroup, limits: TransportLimits = InstanceClient.standardLimits,
        grace: Duration = .seconds(1)
    ) throws(UpstreamConfigurationError) {
        if let defect = limits.defect { throw UpstreamConfigurationError(defect) }
        self.group = group
        self.limits = limits
        self.grace = grace
    }

    package func forward(_ call: InstanceCall) async -> InstanceOpening {
        guard let link = link(call.instance) ?? leaving(call.instance) else {
            return .notSent("no instance is named so")
        }
        let request: ByteBuffer
        do {
            request = try link.template.encode(
                method: call.method, target: call.target, fields: call.headers, body: call.body,
                isUpgrade: call.isUpgrade)
        } catch {
            return .notSent(error.description)
        }
        let wish: Exchange.Wish =
            call.isUpgrade
            ? .tunnel(within: call.limits.read)
            : .relay(within: call.limits.read, isHead: call.method == "HEAD")
        let outcome = await link.connections.exchange(
            request, connect: call.limits.connect, total: call.limits.total, wish: wish)
        switch outcome {
        case .opened(let body):
            return .reply(
                status: Int(body.head.status.code), headers: body.head.headers.endToEnd,
                body: RelayedBody(body))
        case .notSent(let reason): return .notSent(reason)
        case .lost(let loss): return .lost(loss)
        case .reply: return .lost(.malformed("a whole reply that was not asked for"))
        }
    }

    package func check(
        _ instance: InstanceName, path: String, within timeout: Duration
    ) async -> InstanceAnswer? {
        guard let link = link(instance) else { return nil }
        let request: ByteBuffer
        do {
            request = try link.template.encode(
                method: "GET", target: path, fields: InstanceClient.checkFields, body: [])
        } catch {
            return nil
        }
        let outcome = await link.connections.exchange(
            request, connect: timeout, total: timeout, wish: .whole)
        guard case .reply(let reply) = outcome else { return nil }
        return InstanceAnswer(
            status: reply.status, headers: reply.headers.endToEnd, body: reply.body)
    }

    /// A pool isn't there any more; its instances finish what they have.
    package func remove(_ pool: InstancePoolName) { set([], of: pool) }

    /// One pool's instances from now on. Those that aren't among them any more, or are reached in
    /// another way, take nothing new after their grace and finish what they have; each call has a
    /// limit of its own.
    func set(_ endpoints: [InstanceEndpoint], of pool: InstancePoolName) {
        let graceEnd = ContinuousClock.now + grace
        let gone = state.withLock { state -> [PoolSet] in
            guard !state.isShutDown else { return [] }
            let wanted = Dictionary(endpoints.map { ($0.name, $0) }) { first, _ in first }
            let gone = state.links.filter { name, link in
                link.pool == pool && link.endpoint != wanted[name]
            }
            for (name, link) in gone {
                state.links[name] = nil
                state.leaving[ObjectIdentifier(link.connections)] = OldLink(
                    link: link, graceEnd: graceEnd)
            }
            for endpoint in wanted.values where state.links[endpoint.name] == nil {
                state.links[endpoint.name] = makeLink(endpoint, pool)
            }
            return gone.values.map(\.connections)
        }
        for connections in gone {
            // Nobody waits for it: who is in flight there has a task of their own.
            Task { await leave(connections) }
        }
    }

    /// Refuses what comes, waits for what is in flight, at most the configured drain timeout, and
    /// closes every connection.
    package func shutdown() async {
        let limit = limits.drainTimeout
        let all = state.withLock { state in
            defer { state.links = [:] }
            state.isShutDown = true
            return state.connections
        }
        await withTaskGroup { group in
            for connections in all {
                group.addTask { await connections.shutDown(within: limit) }
            }
        }
    }

    func anyLoop() -> any EventLoop { group.any() }

    /// Open connections to all instances, those that are gone included.
    func connectionCount() async -> Int {
        let all = state.withLock(\.connections)
        var count = 0
        for connections in all { count += await connections.connectionCount() }
        return count
    }

    private static let checkFields = [
        HeaderField("user-agent", "weir"), HeaderField("accept-encoding", "identity"),
    ]

    private func link(_ instance: InstanceName) -> Link? {
        state.withLock { $0.links[instance] }
    }

    private func leaving(_ instance: InstanceName) -> Link? {
        let now = ContinuousClock.now
        return state.withLock { state in
            state.leaving.values.first { old in
                old.link.endpoint.name == instance && now < old.graceEnd
            }?.link
        }
    }

    private func makeLink(_ endpoint: InstanceEndpoint, _ pool: InstancePoolName) -> Link {
        var limits = limits
        limits.connectionAge = endpoint.connectionAge
        return Link(
            pool: pool, endpoint: endpoint, template: ForwardTemplate(endpoint.base),
            connections: PoolSet(
                limits, base: endpoint.base, address: endpoint.address, tls: endpoint.tls,
                group: group))
    }

    private func leave(_ connections: PoolSet) async {
        // Nobody cancels it.
        try? await Task.sleep(for: grace)
        await connections.shutDown(within: TransportLimits.longestTimeout)
        state.withLock { $0.leaving[ObjectIdentifier(connections)] = nil }
    }
}
