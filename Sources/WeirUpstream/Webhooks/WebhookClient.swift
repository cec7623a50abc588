package import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import WeirCore
package import WeirService

/// Sends to webhooks. For each message the host is resolved anew, and the very addresses that were
/// looked at are dialled: a name that leads elsewhere a moment later leads nowhere. Redirects
/// aren't followed, and of the reply nothing is read but its head.
package struct WebhookClient: WebhookSender {
    typealias Lookup = @Sendable (_ host: String, _ port: Int) throws -> [SocketAddress]

    private let rules: WebhookRules
    private let group: any EventLoopGroup
    private let tls: NIOSSLContext?
    private let timeout: Duration
    private let time: any TimeSource
    private let lookup: Lookup
    /// Of its own: names that are slow to resolve keep nobody else waiting.
    private let resolvers: NIOThreadPool

    /// Addresses of one host that are tried at most.
    private static let addresses = 4
    private static let resolverThreads = 4

    /// - Parameters:
    ///   - timeout: of a whole message, looking up included.
    ///   - authoritiesFile: a PEM file, trusted instead of the system's authorities.
    package init(
        rules: WebhookRules, group: any EventLoopGroup, timeout: Duration,
        authoritiesFile: String?, time: any TimeSource
    ) throws(UpstreamConfigurationError) {
        try self.init(
            rules: rules, group: group, timeout: timeout, authoritiesFile: authoritiesFile,
            time: time, lookup: AddressLookup.addresses)
    }

    init(
        rules: WebhookRules, group: any EventLoopGroup, timeout: Duration,
        authoritiesFile: String?, time: any TimeSource, lookup: @escaping Lookup
    ) throws(UpstreamConfigurationError) {
        self.rules = rules
        self.group = group
        self.timeout = timeout
        self.time = time
        self.lookup = lookup
        do {
            tls = try UpstreamTLS.context(
                base: try BaseURL("https://any"), authoritiesFile: authoritiesFile)
        } catch let error as UpstreamConfigurationError {
            throw error
        } catch {
            throw UpstreamConfigurationError("\(error)")
        }
        resolvers = NIOThreadPool(numberOfThreads: WebhookClient.resolverThreads)
        resolvers.start()
    }

    /// Ends the threads. What is being sent then fails.
    package func shutdown() async {
        // It can fail where it is called twice, and there is nothing to do about it then.
        try? await resolvers.shutdownGracefully()
    }

    package func send(_ message: WebhookMessage) async -> WebhookAnswer {
        let deadline = NIODeadline.now() + TimeAmount(timeout)
        let url: WebhookURL
        let request: ByteBuffer
        do {
            url = try rules.read(message.url)
            request = try RequestTemplate(url.origin, fields: message.headers, keepsAlive: false)
                .encode(.post, path: url.target, fields: [], body: message.body)
        } catch let defect as BaseURLDefect {
            return .failed("the address \(defect.problem)")
        } catch {
            return .failed("\(error)")
        }
        var reason = "the host has no address that is allowed"
        for address in await allowed(url.origin, until: deadline) {
            switch await exchange(request, url.origin, address, until: deadline) {
            case .opened(let body):
                body.cancel()
                let retryAfter = RetryAfter.seconds(in: body.head.headers, now: time.now())
                return .answered(
                    status: Int(body.head.status.code), retryAfter: retryAfter)
            case .reply(let reply): return .answered(status: reply.status, retryAfter: nil)
            case .notSent(let text): reason = text
            case .lost(.timeout): return .failed("no reply in time")
            case .lost(.broken(let text)), .lost(.malformed(let text)): return .failed(text)
            }
        }
        return .failed(reason)
    }

    private func exchange(
        _ request: ByteBuffer, _ origin: BaseURL, _ address: SocketAddress,
        until deadline: NIODeadline
    ) async -> Exchange.Outcome {
        let rest = deadline - .now()
        guard rest > .zero else { return .lost(.timeout) }
        var limits = TransportLimits()
        limits.connections = 1
        limits.idleConnections = 0
        // Nothing of it is read, however long it says that it is.
        limits.streamBodyBytes = .max
        let left = Duration.nanoseconds(rest.nanoseconds)
        let pools = PoolSet(
            limits, base: origin, address: address, tls: origin.scheme == .https ? tls : nil,
            group: group)
        let outcome = await pools.exchange(
            request, connect: left, total: left, wish: .relay(within: left, isHead: false))
        // Nobody waits for the connection's end.
        Task { await pools.shutDown(within: .seconds(1)) }
        return outcome
    }

    /// Those that may be dialled; none where they aren't found out in time.
    private func allowed(
        _ origin: BaseURL, until deadline: NIODeadline
    ) async -> ArraySlice<SocketAddress> {
        let all: [SocketAddress]
        if origin.isAddress {
            // It is one, as the URL was read.
            all = (try? SocketAddress(ipAddress: origin.host, port: origin.port)).map { [$0] } ?? []
        } else {
            all = await resolve(origin, until: deadline)
        }
        return all.filter { address in
            NetworkAddress(address).map(rules.allows) ?? false
        }.prefix(WebhookClient.addresses)
    }

    private func resolve(
        _ origin: BaseURL, until deadline: NIODeadline
    ) async -> [SocketAddress] {
        let loop = group.any()
        let answer = loop.makePromise(of: [SocketAddress].self)
        let timer = loop.scheduleTask(deadline: deadline) { answer.succeed([]) }
        resolvers.submit { [lookup] state in
            // A name without addresses is a host that can't be told.
            let found = state == .active ? try? lookup(origin.host, origin.port) : nil
            timer.cancel()
            answer.succeed(found ?? [])
        }
        // It is only ever fulfilled.
        return (try? await answer.futureResult.get()) ?? []
    }
}
