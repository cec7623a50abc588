import Synchronization
import WeirCore

/// Asks every instance from time to time how it is, all of them side by side, and tells its pool.
package final class InstanceProbes: Sendable {
    private let gateway: Gateway
    private let transport: any InstanceTransport
    private let time: any TimeSource
    private let dice: @Sendable () -> UInt64
    private let schedule = Mutex(Schedule())

    private struct Schedule {
        var due: [Probe.ID: Timestamp] = [:]
        var running: Set<Probe.ID> = []
    }

    private struct Probe: Sendable {
        struct ID: Hashable, Sendable {
            let pool: InstancePoolName
            let instance: InstanceName
        }

        let id: ID
        let pool: BalancedPool
        let check: HealthCheck
    }

    /// Checks at a time.
    private static let mostAtOnce = 256
    /// From one look at the clock to the next.
    private static let tick = Duration.milliseconds(100)

    /// - Parameter dice: uniform over all of UInt64.
    package init(
        _ gateway: Gateway, transport: any InstanceTransport, time: any TimeSource,
        dice: @escaping @Sendable () -> UInt64 = { UInt64.random(in: .min ... .max) }
    ) {
        self.gateway = gateway
        self.transport = transport
        self.time = time
        self.dice = dice
    }

    /// Until its task is cancelled. A check that hangs keeps none of the others waiting.
    package func run() async {
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                for probe in takeDue() { group.addTask { await self.make(probe) } }
                await time.pause(InstanceProbes.tick)
            }
        }
    }

    /// One check of each instance whose time has come; of a new one at once.
    package func probe() async {
        await withDiscardingTaskGroup { group in
            for probe in takeDue() { group.addTask { await self.make(probe) } }
        }
    }

    private func takeDue() -> [Probe] {
        let now = time.now()
        var all: [Probe.ID: (pool: BalancedPool, plan: PoolPlan)] = [:]
        for (name, pool) in gateway.pools {
            let plan = pool.plan
            for instance in pool.snapshots where instance.state != .draining {
                all[Probe.ID(pool: name, instance: instance.name)] = (pool, plan)
            }
        }
        return schedule.withLock { schedule in
            schedule.due = schedule.due.filter { all[$0.key] != nil }
            var probes: [Probe] = []
            for (id, (pool, plan)) in all {
                guard schedule.running.count < InstanceProbes.mostAtOnce,
                    !schedule.running.contains(id), schedule.due[id].map({ now >= $0 }) ?? true
                else { continue }
                schedule.running.insert(id)
                schedule.due[id] = now.advanced(by: jittered(plan.rules.checkInterval))
                probes.append(Probe(id: id, pool: pool, check: plan.check))
            }
            return probes
        }
    }

    /// Up to a tenth less, so that instances aren't all asked at the same moment.
    private func jittered(_ interval: Duration) -> Duration {
        let whole = Timestamp(milliseconds: 0).advanced(by: interval).milliseconds
        let milliseconds = max(1, min(whole, 86_400_000))
        let less = dice() % UInt64(milliseconds / 10 + 1)
        return .milliseconds(milliseconds - Int64(less))
    }

    private func make(_ probe: Probe) async {
        let answer = await transport.check(
            probe.id.instance, path: probe.check.path, within: probe.check.timeout)
        schedule.withLock { _ = $0.running.remove(probe.id) }
        // A check that was broken off says nothing about the instance.
        guard !Task.isCancelled else { return }
        if let id = answer?.headers.instance { probe.pool.learn(id, of: probe.id.instance) }
        probe.pool.check(probe.id.instance, passed: probe.check.isPassed(by: answer))
    }
}

extension HealthCheck {
    func isPassed(by answer: InstanceAnswer?) -> Bool {
        guard let answer, answer.status == status else { return false }
        guard let text, !text.isEmpty else { return true }
        return answer.body.firstRange(of: Array(text.utf8)) != nil
    }
}
