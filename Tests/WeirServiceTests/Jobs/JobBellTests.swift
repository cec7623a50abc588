import Testing
import WeirCore

@testable import WeirService

@Suite(.timeLimit(.minutes(1))) struct JobBellTests {
    private let bell = JobBell()
    private let queue = QueueName.standardQueue

    @Test func `a ring between the look and the sleep keeps a worker awake, also the first one`()
        async
    {
        for _ in 0..<3 {
            let rings = bell.rings(of: queue)
            bell.ring(queue)
            await bell.wait(for: queue, after: rings)
            #expect(bell.rings(of: queue) == rings + 1)
        }
    }

    @Test func `who sleeps is woken by a ring for all, and who is about to doesn't`() async {
        await withDiscardingTaskGroup { group in
            let rings = bell.rings(of: queue)
            for _ in 0..<3 {
                group.addTask { await bell.wait(for: queue, after: rings) }
            }
            bell.ringAll()
        }
    }
}
