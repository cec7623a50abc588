package import WeirCore
import WeirService
import NIOCore
import NIOSSL

/// The instances behind configured URLs: each address of each host is one, called
/// `<pool>/<address>:<port>`. Hosts are resolved anew each time, by the system's resolver; one that
/// can't be keeps the addresses that it was last known by.
package final class ResolvedInstances: InstanceSource {
    private let pool: InstancePoolName
    private let hosts: [ConfiguredHost]
    private let client: InstanceClient
    private let tls: NIOSSLContext?
    private let connectionAge: Duration?
    private let lookupLimit: Duration

    /// URLs of one pool.
    package static let mostURLs = 64
    /// Addresses of all of them together; the first ones by name are taken.
    package static let mostAddresses = InstancePool.mostInstances

    /// Reads the authorities' file: not to be called on an event loop.
    ///
    /// - Parameters:
    ///   - authoritiesFile: a PEM file, trusted instead of the system's authorities; only where a
    ///     URL is https.
    ///   - connectionAge: after that long a connection takes no further request, so that other
    ///     addresses are followed; each takes off up to a quarter by chance. Nil: no end.
    ///   - lookupLimit: how long `instances` waits for the resolver.
    package convenience init(
        pool: InstancePoolName, urls: [BaseURL], client: InstanceClient,
        authoritiesFile: String? = nil, connectionAge: Duration? = .seconds(600),
        lookupLimit: Duration = .seconds(5)
    ) throws(UpstreamConfigurationError) {
        try self.init(
            pool: pool, urls: urls, client: client, authoritiesFile: authoritiesFile,
            connectionAge: connectionAge, lookupLimit: lookupLimit,
            lookup: AddressLookup.addresses)
    }

    init(
        pool: InstancePoolName, urls: [BaseURL], client: InstanceClient,
        authoritiesFile: String? = nil, connectionAge: Duration? = .seconds(600),
        lookupLimit: Duration, lookup: @escaping ConfiguredHost.Lookup
    ) throws(UpstreamConfigurationError) {
        guard connectionAge ?? .seconds(1) > .zero else {
            throw UpstreamConfigurationError("a timeout must be longer than zero")
        }
        guard (1...ResolvedInstances.mostURLs).contains(urls.count) else {
            throw UpstreamConfigurationError(
                "pool \(pool) has no URL, or more than \(ResolvedInstances.mostURLs)")
        }
        self.pool = pool
        self.client = client
        self.connectionAge = connectionAge
        self.lookupLimit = lookupLimit
        hosts = urls.map { ConfiguredHost($0, lookup: lookup) }
        // One context for all of them: it holds nothing of a host's own.
        let secure = urls.first { $0.scheme == .https }
        tls = try UpstreamTLS.context(base: secure ?? urls[0], authoritiesFile: authoritiesFile)
    }

    /// Tells the client of them too. Where two URLs have an address in common, the first counts.
    package func instances() async -> [InstanceName]? {
        let loop = client.anyLoop()
        var endpoints: [InstanceName: InstanceEndpoint] = [:]
        for (base, addresses) in await resolve(on: loop) {
            for address in addresses {
                let endpoint = InstanceEndpoint(
                    pool: pool, address: address, base: base,
                    tls: base.scheme == .https ? tls : nil, connectionAge: connectionAge)
                guard let endpoint, endpoints[endpoint.name] == nil else { continue }
                endpoints[endpoint.name] = endpoint
            }
        }
        guard !endpoints.isEmpty else { return nil }
        let names = endpoints.keys
            .sorted { $0.description < $1.description }
            .prefix(ResolvedInstances.mostAddresses)
        client.set(names.compactMap { endpoints[$0] }, of: pool)
        return Array(names)
    }

    /// All at once; in the URLs' order, without those that were never known.
    private func resolve(on loop: any EventLoop) async -> [(BaseURL, [SocketAddress])] {
        await withTaskGroup(of: (Int, [SocketAddress]?).self) { group in
            for (index, host) in hosts.enumerated() {
                group.addTask { [lookupLimit] in
                    (index, await host.addresses(within: lookupLimit, on: loop))
                }
            }
            var found: [Int: [SocketAddress]] = [:]
            for await (index, addresses) in group { found[index] = addresses }
            return hosts.indices.compactMap { index in
                found[index].map { (hosts[index].base, $0) }
            }
        }
    }
}
