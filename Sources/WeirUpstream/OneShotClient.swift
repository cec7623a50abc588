package import NIOCore
package import WeirCore
import WeirService

/// A plain HTTP client for the command line: a connection for each request, the transport's own
/// parts, limits and strictness.
package struct OneShotClient: Sendable {
    private let group: any EventLoopGroup
    private let authoritiesFile: String?

    /// - Parameter authoritiesFile: a PEM file, trusted instead of the system's authorities.
    package init(group: any EventLoopGroup, authoritiesFile: String? = nil) {
        self.group = group
        self.authoritiesFile = authoritiesFile
    }

    /// Sends once, to `http(s)://host[:port]/path[?query]`; redirects are not followed.
    ///
    /// - Parameter body: no `content-length` is sent where there is none.
    /// - Throws: `RequestFailure`, which says whether the request may have been sent.
    package func request(
        method: RequestMethod, url: String, headers: [HeaderField] = [], body: [UInt8]? = nil,
        timeout: Duration
    ) async throws(RequestFailure) -> Reply {
        let (pools, request) = try prepare(method, url, headers, body)
        let outcome = await pools.exchange(request, timeout: timeout)
        await pools.shutDown(within: .seconds(1))
        switch outcome {
        case .reply(let reply):
            return Reply(
                status: reply.status,
                headers: reply.headers.map { HeaderField($0.name, $0.value) }, body: reply.body)
        case .opened(let body):
            body.cancel()
            throw RequestFailure("a stream that was not asked for", mayHaveBeenSent: true)
        case .notSent(let reason): throw RequestFailure(reason, mayHaveBeenSent: false)
        case .lost(.timeout): throw RequestFailure("no reply in time", mayHaveBeenSent: true)
        case .lost(.broken(let reason)), .lost(.malformed(let reason)):
            throw RequestFailure(reason, mayHaveBeenSent: true)
        }
    }

    /// A whole reply, of whatever status.
    package struct Reply: Sendable, Equatable {
        package let status: Int
        /// As they came, in their order.
        package let headers: [HeaderField]
        package let body: [UInt8]
    }

    private func prepare(
        _ method: RequestMethod, _ url: String, _ headers: [HeaderField], _ body: [UInt8]?
    ) throws(RequestFailure) -> (PoolSet, ByteBuffer) {
        // The base URL takes no query; what it makes of the path goes into the request line.
        let bytes = Array(url.utf8)
        let mark = bytes.firstIndex(of: .question) ?? bytes.endIndex
        do {
            let base = try BaseURL(String(decoding: bytes[..<mark], as: UTF8.self))
            let path = try target(bytes, mark)
            let origin = try BaseURL("\(base.scheme.rawValue)://\(base.authority)")
            let template = try RequestTemplate(origin, fields: headers, keepsAlive: false)
            let tls = try UpstreamTLS.context(
                base: origin, authoritiesFile: base.scheme == .https ? authoritiesFile : nil)
            var limits = TransportLimits()
            limits.connections = 1
            limits.idleConnections = 0
            return (
                PoolSet(limits, base: origin, tls: tls, group: group),
                try template.encode(method, path: path, fields: [], body: body)
            )
        } catch {
            throw RequestFailure(String(describing: error), mayHaveBeenSent: false)
        }
    }

    /// Path and query as they were written: a slash at the path's end has a meaning.
    private func target(_ url: [UInt8], _ mark: Int) throws(BaseURLDefect) -> String {
        let slashes = url[..<mark].indices.filter { url[$0] == .slash }
        let path = slashes.count > 2 ? url[slashes[2]..<mark] : [.slash]
        return String(decoding: path + url[mark...], as: UTF8.self)
    }
}

/// Why a request has brought no reply.
package struct RequestFailure: Error, Sendable, Equatable, CustomStringConvertible {
    package let description: String
    /// False where it is proved that no byte of it has left.
    package let mayHaveBeenSent: Bool

    init(_ description: String, mayHaveBeenSent: Bool) {
        self.description = description
        self.mayHaveBeenSent = mayHaveBeenSent
    }
}
