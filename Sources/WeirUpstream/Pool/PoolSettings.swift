import NIOCore
import NIOSSL
import WeirCore

/// What one event loop's pool has to know of its endpoint.
struct PoolSettings: Sendable {
    let base: BaseURL
    /// Where it is connected to; nil: what the base's host resolves to each time.
    let address: SocketAddress?
    let tls: NIOSSLContext?
    let limits: TransportLimits
    /// This pool's share of the endpoint's connections; 0 where it must not be used.
    let connections: Int
    let idle: Int
    let waiting: Int

    /// One for each of `count` event loops; together they keep within the limits.
    static func shares(
        of limits: TransportLimits, base: BaseURL, address: SocketAddress?, tls: NIOSSLContext?,
        count: Int
    ) -> [PoolSettings] {
        (0..<count).map { index in
            PoolSettings(
                base: base, address: address, tls: tls, limits: limits,
                connections: share(of: limits.connections, index, count),
                idle: share(of: limits.idleConnections, index, count),
                waiting: share(of: limits.waitingCalls, index, count))
        }
    }

    private static func share(of total: Int, _ index: Int, _ count: Int) -> Int {
        total / count + (index < total % count ? 1 : 0)
    }
}

/// How TLS is done with one endpoint: certificates are always verified.
enum UpstreamTLS {
    /// Nil for plain HTTP. Reads files: before the service starts, not on an event loop.
    static func context(
        base: BaseURL, authoritiesFile: String?
    ) throws(UpstreamConfigurationError) -> NIOSSLContext? {
        guard base.scheme == .https else {
            guard authoritiesFile == nil else {
                throw UpstreamConfigurationError("authorities are given for plain http: \(base)")
            }
            return nil
        }
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        if let authoritiesFile { configuration.trustRoots = .file(authoritiesFile) }
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            let source = authoritiesFile ?? "the system's store"
            throw UpstreamConfigurationError(
                "no authorities can be read from \(source): it takes a file of PEM certificates")
        }
    }
}
