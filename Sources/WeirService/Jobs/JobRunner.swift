import Logging
import Synchronization
package import WeirCore

/// Runs queued jobs: each queue has its workers, which claim, perform and end one job after the
/// other; a round every quarter of a second finds what has come due meanwhile.
///
/// Whatever is killed, a job ends once: a claim counts before its call is made, only the newest
/// claim can end a job, and one that nobody hears of any more is taken back.
package final class JobRunner: Sendable {
    let parts: JobParts
    let calls: JobCalls
    let state: Mutex<State>
    private let (changes, changed) = AsyncStream.makeStream(
        of: Void.self, bufferingPolicy: .bufferingNewest(1))

    struct State {
        var gates: [QueueName: JobGate]
        var isStopping = false
        /// Whether a round has found the service away.
        var wasAway = false
        /// Whether jobs that waited for the service are to be woken.
        var wakes = false
        var purgedAt: Timestamp?
        var lagMilliseconds: Int64?
    }

    package init(_ parts: JobParts) {
        self.parts = parts
        calls = JobCalls(parts.performer, time: parts.time)
        let now = parts.time.now()
        state = Mutex(State(gates: parts.queues().mapValues { JobGate($0, at: now) }))
    }

    /// How long the job has waited that has been due for longest, as of the last round; nil before
    /// the first one.
    package var lagMilliseconds: Int64? { state.withLock { $0.lagMilliseconds } }

    /// What has become of each queue's jobs here.
    package var counts: [QueueName: JobCounts] { gates.mapValues(\.counts) }

    var gates: [QueueName: JobGate] { state.withLock { $0.gates } }

    /// Returns once it was stopped and what runs has ended. Cancelled, it ends without waiting.
    package func run() async {
        await withTaskCancellationHandler {
            await withDiscardingTaskGroup { group in
                group.addTask { await self.makeRounds() }
                var hired: [QueueName: Int] = [:]
                hire(&hired, &group)
                for await _ in changes { hire(&hired, &group) }
            }
        } onCancel: {
            stop()
            abandon()
        }
    }

    /// Claims nothing any more. What runs goes on.
    package func stop() {
        state.withLock { $0.isStopping = true }
        changed.finish()
        parts.bell.ringAll()
    }

    /// Waits no longer for what runs: such jobs are left to their leases.
    package func abandon() { calls.abandon() }

    var isStopping: Bool { state.withLock { $0.isStopping } }

    /// Takes other rules over, from the next claim on.
    func adoptRules(at now: Timestamp) {
        let hasChanged = state.withLock { state in
            var hasChanged = false
            for (queue, rules) in parts.queues() where state.gates[queue]?.rules != rules {
                hasChanged = true
                if let gate = state.gates[queue] {
                    gate.replace(rules)
                } else {
                    state.gates[queue] = JobGate(rules, at: now)
                }
            }
            return hasChanged
        }
        guard hasChanged else { return }
        changed.yield()
        parts.bell.ringAll()
    }

    /// As many workers as each queue has places. Where there were more, the last ones leave.
    private func hire(
        _ hired: inout [QueueName: Int], _ group: inout DiscardingTaskGroup
    ) {
        for (queue, gate) in gates where !parts.claimedElsewhere.contains(queue) {
            let places = gate.places
            for number in min(hired[queue] ?? 0, places)..<places {
                group.addTask { await self.work(on: queue, gate, number) }
            }
            hired[queue] = places
        }
    }

    /// One worker: looks for a job, sleeps where there is none or no place.
    private func work(on queue: QueueName, _ gate: JobGate, _ number: Int) async {
        while true {
            let rings = parts.bell.rings(of: queue)
            if isStopping || number >= gate.places { return }
            switch gate.enter(isAvailable: calls.isAvailable, at: parts.time.now()) {
            case .closed: await parts.bell.wait(for: queue, after: rings)
            case .paced(let wait): await parts.time.pause(min(wait, parts.round))
            case .open:
                let rules = gate.rules
                guard let claimed = await claim(from: queue, rules) else {
                    gate.leave()
                    await parts.bell.wait(for: queue, after: rings)
                    continue
                }
                parts.bell.ring(queue)
                await run(claimed, rules, gate)
            }
        }
    }

    private func claim(from queue: QueueName, _ rules: QueueRules) async -> ClaimedJob? {
        do {
            return try await parts.store.claim(from: queue, rules, at: parts.time.now())
        } catch {
            // The next round rings again.
            log("jobs can't be claimed", error, queue)
            return nil
        }
    }

    private func run(_ claimed: ClaimedJob, _ rules: QueueRules, _ gate: JobGate) async {
        let run = JobRun(
            parts: parts, calls: calls, gate: gate, rules: rules, job: claimed.job,
            isStopping: { self.isStopping })
        let change = gate.leave(await run.run(claimed.request))
        if change.contains(.isBack) { state.withLock { $0.wakes = true } }
        if change.contains(.hasGrown) { parts.bell.ring(claimed.job.queue) }
    }
}
