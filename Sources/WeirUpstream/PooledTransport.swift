package import NIOCore
package import WeirCore
package import WeirService

/// Sends requests to the configured endpoints over pooled HTTP/1.1 connections.
///
/// A request is one write, and is written once. `notSent` is returned only while no byte of it has
/// been handed to a socket; from the write on whatever fails is `lost`, also when the peer closed
/// a kept connection at that very moment. Redirects are not followed. Nothing here can be
/// cancelled by the caller's task.
package final class PooledTransport: ProviderTransport, Sendable {
    private let routes: [ProviderName: Route]
    private let limits: TransportLimits
    private let time: any TimeSource

    private struct Route: Sendable {
        let template: RequestTemplate
        let pools: PoolSet
    }

    /// Opens no connection, but reads the authorities' files: not to be called on an event loop.
    ///
    /// - Parameter time: for `retry-after` headers that hold a date.
    package init(
        endpoints: [UpstreamEndpoint], group: any EventLoopGroup, time: any TimeSource,
        limits: TransportLimits = TransportLimits()
    ) throws(UpstreamConfigurationError) {
        if let defect = limits.defect { throw UpstreamConfigurationError(defect) }
        var routes: [ProviderName: Route] = [:]
        for endpoint in endpoints {
            guard routes[endpoint.name] == nil else {
                throw UpstreamConfigurationError("two endpoints are named \(endpoint.name)")
            }
            routes[endpoint.name] = try PooledTransport.route(endpoint, group, limits)
        }
        self.routes = routes
        self.limits = limits
        self.time = time
    }

    package func send(_ call: UpstreamCall) async -> UpstreamOutcome {
        guard let route = routes[call.provider] else {
            return .notSent("no endpoint is named \(call.provider)")
        }
        let request: ByteBuffer
        do {
            request = try route.template.encode(call)
        } catch {
            return .notSent(error.description)
        }
        switch await route.pools.exchange(request, timeout: call.timeout) {
        case .reply(let reply): return .reply(upstreamReply(reply))
        case .notSent(let reason): return .notSent(reason)
        case .lost(let loss): return .lost(loss)
        case .opened(let body):
            // Nobody asked for a stream.
            body.cancel()
            return .lost(.malformed("a stream that was not asked for"))
        }
    }

    package func open(
        _ call: UpstreamCall, within stream: StreamLimits
    ) async -> UpstreamOpening {
        guard let route = routes[call.provider] else {
            return .notSent("no endpoint is named \(call.provider)")
        }
        let request: ByteBuffer
        do {
            request = try route.template.encode(call)
        } catch {
            return .notSent(error.description)
        }
        switch await route.pools.exchange(request, timeout: stream.total, stream: stream) {
        case .opened(let body): return .stream(body)
        case .reply(let reply): return .reply(upstreamReply(reply))
        case .notSent(let reason): return .notSent(reason)
        case .lost(let loss): return .lost(loss)
        }
    }

    package func probe(
        _ provider: ProviderName, path: String, headers: [HeaderField]
    ) async -> Bool {
        guard let route = routes[provider] else { return false }
        let request: ByteBuffer
        do {
            request = try route.template.encode(.get, path: path, fields: headers, body: nil)
        } catch {
            return false
        }
        let outcome = await route.pools.exchange(request, timeout: PooledTransport.probeTimeout)
        guard case .reply(let reply) = outcome else { return false }
        return reply.status < 500
    }

    /// Refuses what comes, waits for what is in flight, at most the configured drain timeout, and
    /// closes every connection. What is cut off then is `lost`.
    package func shutdown() async {
        let limit = limits.drainTimeout
        await withTaskGroup { group in
            for route in routes.values {
                group.addTask { await route.pools.shutDown(within: limit) }
            }
        }
    }

    /// Open connections to an endpoint, those that are being opened included.
    package func connectionCount(_ provider: ProviderName) async -> Int {
        await routes[provider]?.pools.connectionCount() ?? 0
    }

    private static let probeTimeout = Duration.seconds(2)

    private func upstreamReply(_ reply: HTTPReply) -> UpstreamReply {
        // A success never asks to be left alone, and isn't worth the search.
        let isSuccess = (200..<300).contains(reply.status)
        let wait = isSuccess ? nil : RetryAfter.seconds(in: reply.headers, now: time.now())
        return UpstreamReply(status: reply.status, retryAfter: wait, body: reply.body)
    }

    private static func route(
        _ endpoint: UpstreamEndpoint, _ group: any EventLoopGroup, _ limits: TransportLimits
    ) throws(UpstreamConfigurationError) -> Route {
        let template: RequestTemplate
        do {
            template = try RequestTemplate(endpoint.baseURL, fields: endpoint.credentials)
        } catch {
            throw UpstreamConfigurationError("endpoint \(endpoint.name): \(error)")
        }
        let tls = try UpstreamTLS.context(
            base: endpoint.baseURL, authoritiesFile: endpoint.authoritiesFile)
        let pools = PoolSet(limits, base: endpoint.baseURL, tls: tls, group: group)
        return Route(template: template, pools: pools)
    }
}

extension RequestTemplate {
    fileprivate func encode(_ call: UpstreamCall) throws(RequestDefect) -> ByteBuffer {
        switch call.method {
        case .get: try encode(.get, path: call.path, fields: call.headers, body: nil)
        case .post: try encode(.post, path: call.path, fields: call.headers, body: call.body)
        }
    }
}
