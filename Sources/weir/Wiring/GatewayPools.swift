import Synchronization
import WeirCore
import WeirService
import WeirUpstream

/// A gateway's pools, with what finds their instances.
final class GatewayPools: Sendable {
    private let gateway: Gateway
    private let client: InstanceClient
    private let members = Mutex<[InstancePoolName: Member]>([:])

    private struct Member: Sendable {
        let pool: Configuration.Gateway.Pool
        let source: ResolvedInstances
    }

    init(_ gateway: Gateway, client: InstanceClient) {
        self.gateway = gateway
        self.client = client
    }

    /// Makes pools ready; calls go by them when what it returns has run. Reads the authorities'
    /// files: not to be called on an event loop. One at a time.
    ///
    /// - Throws: a mistake for each file that can't be used.
    func prepare(
        _ configuration: Configuration.Gateway
    ) throws(ConfigurationError) -> @Sendable () async -> Void {
        guard let plan = configuration.plan else { return {} }
        let known = members.withLock { $0 }
        var next: [InstancePoolName: Member] = [:]
        var mistakes: [ConfigurationMistake] = []
        for pool in configuration.pools {
            let name = pool.plan.name
            if let member = known[name], member.pool.reaches(theSameAs: pool) {
                // It knows addresses for the time in which a host can't be resolved.
                next[name] = Member(pool: pool, source: member.source)
                continue
            }
            do {
                next[name] = Member(pool: pool, source: try source(of: pool))
            } catch {
                mistakes.append(
                    ConfigurationMistake(
                        path: "gateway.pools.\(name).ca_file", source: .absent,
                        reason: error.description))
            }
        }
        guard mistakes.isEmpty else { throw ConfigurationError(mistakes) }
        return { [next] in await self.adopt(plan, next) }
    }

    private func source(
        of pool: Configuration.Gateway.Pool
    ) throws(UpstreamConfigurationError) -> ResolvedInstances {
        try ResolvedInstances(
            pool: pool.plan.name, urls: pool.instances, client: client,
            authoritiesFile: pool.caFile, connectionAge: pool.maxConnectionAge)
    }

    private func adopt(_ plan: GatewayPlan, _ next: [InstancePoolName: Member]) async {
        let gone = members.withLock { members in
            defer { members = next }
            return Set(members.keys).subtracting(next.keys)
        }
        await gateway.apply(plan, sources: next.mapValues(\.source))
        for pool in gone { client.remove(pool) }
    }
}

extension Configuration.Gateway.Pool {
    /// Whether the same instances are reached in the same way.
    fileprivate func reaches(theSameAs other: Configuration.Gateway.Pool) -> Bool {
        instances == other.instances && caFile == other.caFile
            && maxConnectionAge == other.maxConnectionAge
    }
}
