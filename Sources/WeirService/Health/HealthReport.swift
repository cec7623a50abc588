package import WeirCore

/// How this process is, as of the last background check.
package struct HealthReport: Sendable, Equatable {
    package enum Status: String, Sendable { case healthy, degraded, unhealthy }

    package enum Reachability: String, Sendable {
        case ok, unreachable
        /// Not probed yet.
        case unknown
    }

    package var status: Status
    /// Whether the ledger can be written; where it can't, it has failed until the next start.
    package var isDatabaseSound: Bool
    package var providers: [ProviderName: Reachability]
    /// Per cent, rounded down; nil where the machine doesn't say.
    package var memoryUsedPercent: Int?
    package var diskFreePercent: Int?
    /// Of a gateway, which has these in the place of providers; nil where it is none.
    package var pools: [PoolHealth]?
    /// How long the job has waited that has been due for longest; nil where no jobs are run.
    package var queueLagMilliseconds: Int64?

    package init(
        status: Status, isDatabaseSound: Bool, providers: [ProviderName: Reachability],
        memoryUsedPercent: Int? = nil, diskFreePercent: Int? = nil, pools: [PoolHealth]? = nil,
        queueLagMilliseconds: Int64? = nil
    ) {
        self.status = status
        self.isDatabaseSound = isDatabaseSound
        self.providers = providers
        self.memoryUsedPercent = memoryUsedPercent
        self.diskFreePercent = diskFreePercent
        self.pools = pools
        self.queueLagMilliseconds = queueLagMilliseconds
    }
}

/// Says how this process is, without waiting for anybody.
package protocol HealthSource: Sendable {
    func report() -> HealthReport
    /// What the last probe of each provider found, by name.
    func probes() -> [ProbeResult]
}

/// What the last probe of a provider found.
package struct ProbeResult: Sendable, Equatable {
    package var provider: ProviderName
    package var reachability: HealthReport.Reachability
    package var checkedAt: Timestamp?
    package var latencyMilliseconds: Int64?

    package init(
        provider: ProviderName, reachability: HealthReport.Reachability = .unknown,
        checkedAt: Timestamp? = nil, latencyMilliseconds: Int64? = nil
    ) {
        self.provider = provider
        self.reachability = reachability
        self.checkedAt = checkedAt
        self.latencyMilliseconds = latencyMilliseconds
    }
}
