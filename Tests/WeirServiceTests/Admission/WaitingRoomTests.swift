import Testing
import WeirCore

@testable import WeirService

@Suite struct WaitingRoomTests {
    @Test func `a slot that comes free goes to whoever waits, and none is lost`() async throws {
        let slots = CallSlots(1, Adjustable(QueueSettings()), time: StillTime())
        let tenant = Tenant(id: try #require(TenantID(1)), name: "One")
        let served = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<100 {
                group.addTask {
                    let slot = try await slots.take(for: tenant)
                    await Task.yield()
                    withExtendedLifetime(slot) {}
                    return 1
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(served == 100)
        _ = try await slots.take(for: tenant)
    }

    @Test func `where nobody may wait, one more is refused at once`() async throws {
        var settings = QueueSettings()
        settings.limits.inAll = 0
        let slots = CallSlots(1, Adjustable(settings), time: StillTime())
        let tenant = Tenant(id: try #require(TenantID(1)), name: "One")
        let slot = try await slots.take(for: tenant)
        await #expect(throws: WeirError.self) { try await slots.take(for: tenant) }
        withExtendedLifetime(slot) {}
    }

    @Test func `who may wait can change while calls run`() async throws {
        let queue = Adjustable(QueueSettings())
        let slots = CallSlots(1, queue, time: StillTime())
        let tenant = Tenant(id: try #require(TenantID(1)), name: "One")
        var slot: CallSlot? = try await slots.take(for: tenant)
        async let waiting = slots.take(for: tenant)
        var settings = QueueSettings()
        settings.limits.inAll = 0
        queue.replace(settings)
        await #expect(throws: WeirError.self) { try await slots.take(for: tenant) }
        #expect(slot != nil)
        slot = nil
        // Who came before the change has its place, or was refused as late as the others.
        _ = try? await waiting
    }

    @Test func `who waited in vain is told so, and leaves the slot to others`() async throws {
        let time = StillTime()
        let slots = CallSlots(1, Adjustable(QueueSettings()), time: time)
        let tenant = Tenant(id: try #require(TenantID(1)), name: "One")
        var slot: CallSlot? = try await slots.take(for: tenant)
        let waiting = Task { try await slots.take(for: tenant) }
        await time.pass()
        await #expect(throws: WeirError.self) { try await waiting.value }
        #expect(slot != nil)
        slot = nil
        _ = try await slots.take(for: tenant)
    }
}
