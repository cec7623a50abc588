import Synchronization
import WeirCore

/// Watches providers and the machine in the background, so that a health call waits for nobody.
package final class HealthMonitor: HealthSource {
    private let ledger: any LedgerStore
    private let providers: ProviderProbes
    private let readMachine: @Sendable () -> MachineReading
    private let pools: (@Sendable () -> [PoolHealth])?
    private let interval: Duration
    private let machine: Mutex<MachineReading>
    private let queueLag = Mutex<@Sendable () -> Int64?>({ nil })

    /// Below this much free disk, or above this much used memory, health is degraded.
    private static let leastDiskFree = 5
    private static let mostMemoryUsed = 95

    /// - Parameter pools: of a gateway.
    package init(
        ledger: any LedgerStore, providers: ProviderProbes,
        readMachine: @escaping @Sendable () -> MachineReading,
        pools: (@Sendable () -> [PoolHealth])? = nil, interval: Duration = .seconds(5)
    ) {
        self.ledger = ledger
        self.providers = providers
        self.readMachine = readMachine
        self.pools = pools
        self.interval = interval
        machine = Mutex(readMachine())
    }

    /// Shows from now on how many milliseconds the queues lag, as the runner of their jobs says.
    package func watchQueues(_ lag: @escaping @Sendable () -> Int64?) {
        queueLag.withLock { $0 = lag }
    }

    /// Checks, waits, checks again, until its task is cancelled.
    package func run() async {
        while !Task.isCancelled {
            await check()
            do {
                try await Task.sleep(for: interval)
            } catch {
                return
            }
        }
    }

    /// One round of checks.
    package func check() async {
        let reading = readMachine()
        machine.withLock { $0 = reading }
        await providers.probeAll()
    }

    package func probes() -> [ProbeResult] { providers.last }

    package func report() -> HealthReport {
        let reading = machine.withLock { $0 }
        let results = providers.last
        let pools = pools?()
        let isSound = ledger.failure == nil
        let isCutOff =
            !results.isEmpty && results.allSatisfy { $0.reachability == .unreachable }
            || pools?.allSatisfy { $0.healthy == 0 } ?? false
        let isShort =
            (reading.diskFreePercent ?? 100) < HealthMonitor.leastDiskFree
            || (reading.memoryUsedPercent ?? 0) > HealthMonitor.mostMemoryUsed
        let isWhole =
            results.allSatisfy { $0.reachability == .ok }
            && pools?.allSatisfy { $0.healthy == $0.instances } ?? true
        return HealthReport(
            status: !isSound || isCutOff
                ? .unhealthy : isShort || !isWhole ? .degraded : .healthy,
            isDatabaseSound: isSound,
            providers: Dictionary(results.map { ($0.provider, $0.reachability) }) { $1 },
            memoryUsedPercent: reading.memoryUsedPercent, diskFreePercent: reading.diskFreePercent,
            pools: pools, queueLagMilliseconds: queueLag.withLock { $0 }())
    }
}
