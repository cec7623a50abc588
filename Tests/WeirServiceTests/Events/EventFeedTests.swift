import Synchronization
import Testing
import WeirCore
import WeirService
import WeirTesting

/// What a subscriber hears, and what it costs others: nothing.
@Suite struct EventFeedTests {
    private let stage: FeedStage

    init() throws { stage = try FeedStage() }

    @Test func `a stream begins now, or behind the last event that is known`() async throws {
        for number in 1...3 { stage.publish("E\(number)") }
        var now = try await stage.subscribe()
        var known = try await stage.subscribe(after: 1)
        #expect(now.start == 3)
        #expect(await known.types() == ["E2", "E3"])
        stage.publish("E4")
        #expect(await now.types() == ["E4"])
        #expect(await known.types() == ["E4"])
        #expect(!now.isReset && !known.isReset)
    }

    @Test func `what is forgotten, or was never here, is a reset`() async throws {
        for number in 1...4 { stage.publish("E\(number)") }
        _ = try await stage.store.forgetEvents(publishedBy: stage.time.now(), limit: 2)
        var old = try await stage.subscribe(after: 1)
        #expect(old.isReset)
        #expect(old.start == 2)
        #expect(await old.types() == ["E3", "E4"])
        #expect(try await !stage.subscribe(after: 2).isReset)
        var foreign = try await stage.subscribe(after: 99)
        #expect(foreign.isReset)
        #expect(await foreign.types() == ["E3", "E4"])
    }

    @Test func `a backlog comes page by page, none lost and none doubled`() async throws {
        for number in 1...300 { stage.publish("E\(number)") }
        var stream = try await stage.subscribe(after: 0)
        var types: [String] = []
        while types.count < 300 { types += await stream.types() }
        #expect(types == (1...300).map { "E\($0)" })
        stage.publish("E301")
        #expect(await stream.types() == ["E301"])
    }

    @Test func `others' events neither come nor are heard of`() async throws {
        var stream = try await stage.subscribe(user: 7)
        stage.publish("A", tenant: 43)
        stage.publish("B", tenant: 42, user: 8)
        stage.publish("C", tenant: nil)
        stage.publish("D", tenant: 42)
        stage.publish("E", tenant: 42, user: 7)
        #expect(await stream.types() == ["E"])
        var all = try await stage.feed.subscribe(
            to: nil, user: nil, after: 0, by: stage.admin)
        #expect(await all.types() == ["A", "B", "C", "D", "E"])
    }

    @Test func `who may hear what`() async throws {
        let (service, admin) = (stage.service, stage.admin)
        await refuses(.forbidden) { try await subscribe(to: 99, by: service) }
        await refuses(.invalidRequest) { try await subscribe(to: nil, by: service) }
        await refuses(.invalidRequest) { try await subscribe(to: nil, user: 7, by: admin) }
        _ = try await subscribe(to: 99, by: admin)
        _ = try await subscribe(to: nil, by: stage.tenant)
    }

    private func subscribe(
        to tenant: Int64?, user: Int64? = nil, by caller: Caller
    ) async throws -> EventStream {
        try await stage.feed.subscribe(
            to: tenant.flatMap(TenantID.init), user: user.flatMap(UserID.init), after: nil,
            by: caller)
    }

    @Test func `a silent stream says that it lives`() async throws {
        var stream = try await stage.subscribe()
        stage.time.advance(seconds: 14)
        stage.feed.tick()
        stage.time.advance(seconds: 1)
        stage.feed.tick()
        #expect(await stream.next() == .quiet)
    }

    @Test func `an event without a bell is found when the stream is looked at`() async throws {
        var stream = try await stage.subscribe()
        stage.store.publishSilently("E", tenant: TenantID(42), at: stage.time.now())
        stage.time.advance(seconds: 15)
        stage.feed.tick()
        #expect(await stream.types() == ["E"])
    }

    @Test func `a revoked key's stream ends at the next look`() async throws {
        var (stream, other) = (
            try await stage.subscribe(), try await stage.subscribe(by: stage.admin)
        )
        try await stage.revoke()
        stage.feed.tick()
        #expect(await stream.next() == .end(.revoked))
        stage.publish("E")
        #expect(await other.types() == ["E"])
    }

    @Test func `whoever is slow is cut, and nobody else`() async throws {
        let cut = Count()
        var (slow, quick) = (try await stage.subscribe(), try await stage.subscribe())
        slow.onCut { cut.add() }
        stage.publish("A")
        #expect(await slow.types() == ["A"])
        #expect(await quick.types() == ["A"])
        async let next = quick.types()
        stage.time.advance(seconds: 9)
        stage.feed.tick()
        #expect(cut.value == 0)
        stage.publish("B")
        #expect(await next == ["B"])
        stage.time.advance(seconds: 1)
        stage.feed.tick()
        stage.feed.tick()
        #expect(cut.value == 1)
        #expect(await slow.next() == .end(.slow))
        stage.publish("C")
        #expect(await quick.types() == ["C"])
    }

    @Test func `places are counted, and given back`() async throws {
        var settings = EventSettings()
        (settings.perTenant, settings.inAll) = (2, 3)
        let stage = try FeedStage(settings)
        let first = try await stage.subscribe()
        var second: EventStream? = try await stage.subscribe()
        await refuses(.rateLimited) { try await stage.subscribe() }
        let third = try await stage.feed.subscribe(
            to: TenantID(43), user: nil, after: nil, by: stage.admin)
        await refuses(.overloaded) {
            try await stage.feed.subscribe(
                to: TenantID(44), user: nil, after: nil, by: stage.admin)
        }
        #expect(stage.feed.count == 3)
        #expect(second?.start == 0)
        second = nil
        #expect(stage.feed.count == 2)
        _ = try await stage.subscribe()
        withExtendedLifetime((first, third)) {}
    }

    @Test func `whoever leaves gives the place back at once`() async throws {
        var stream = try await stage.subscribe()
        stream.onCut { [stream] in _ = stream.start }
        stream.leave()
        #expect(stage.feed.count == 0)
        #expect(await stream.next() == .end(.left))
    }

    @Test func `a drain ends every stream and lets none in`() async throws {
        var stream = try await stage.subscribe()
        stage.feed.drain()
        #expect(await stream.next() == .end(.draining))
        #expect(await stream.next() == .end(.draining))
        await refuses(.serviceUnavailable) { try await stage.subscribe() }
    }

    @Test func `an outbox that can't be read ends the stream`() async throws {
        var stream = try await stage.subscribe()
        stage.store.fail(with: .overloaded)
        stage.publish("E")
        #expect(await stream.next() == .end(.failed))
        await refuses(.overloaded) { try await stage.subscribe() }
        #expect(stage.feed.count == 1)
    }
}

private func refuses(
    _ code: WeirError.Code, _ body: () async throws -> EventStream
) async {
    await #expect {
        _ = try await body()
    } throws: { error in
        (error as? WeirError)?.code == code
    }
}

extension EventStream {
    /// The types of the next events; what else is said is one word.
    mutating func types() async -> [String] {
        switch await next() {
        case .events(let events): events.map(\.type)
        case .quiet: ["quiet"]
        case .end(let reason): ["\(reason)"]
        }
    }
}

private final class Count: Sendable {
    private let count = Mutex(0)

    var value: Int { count.withLock { $0 } }
    func add() { count.withLock { $0 += 1 } }
}
