import Synchronization
import WeirCore

/// Looks from time to time which instances there are, as each pool's plan has it.
package final class PoolMembers: Sendable {
    private let gateway: Gateway
    private let time: any TimeSource
    private let due = Mutex<[InstancePoolName: Timestamp]>([:])

    /// From one look at the clock to the next.
    private static let tick = Duration.seconds(1)

    package init(_ gateway: Gateway, time: any TimeSource) {
        self.gateway = gateway
        self.time = time
    }

    /// Until its task is cancelled.
    package func run() async {
        while !Task.isCancelled {
            await look()
            await time.pause(PoolMembers.tick)
        }
    }

    /// One look at those pools whose time has come; at each one the first time.
    package func look() async {
        let state = gateway.current
        let now = time.now()
        let pools = due.withLock { due in
            due = due.filter { state.pools[$0.key] != nil }
            return state.pools.filter { name, pool in
                guard due[name].map({ now >= $0 }) ?? true else { return false }
                due[name] = now.advanced(by: pool.plan.resolveEvery)
                return true
            }
        }
        await Gateway.find(pools, state.sources)
    }
}
