import Testing
import WeirCore
import WeirService
import WeirTesting

/// Calls for which something was stopped while they waited, or were on their way.
@Suite struct WaitingCallTests {
    enum Place: CaseIterable { case process, provider }

    enum Stop: CaseIterable {
        case everything, provider, model, module, budget

        func change(_ tenant: TenantID) throws -> DirectoryChange {
            var after = Tenant(id: tenant, name: "Test", isActive: true, budget: .unlimited)
            switch self {
            case .everything: return .engage(.all, true)
            case .provider: return .engage(.provider(try #require(ProviderName("plain"))), true)
            case .model: return .engage(.model(try #require(ModelName("plain-1"))), true)
            case .module: after.isActive = false
            case .budget: after.budget = .capped(.zero)
            }
            return .putTenant(after)
        }

        var code: WeirError.Code {
            switch self {
            case .everything, .provider, .model: .killSwitch
            case .module: .moduleInactive
            case .budget: .budgetExceeded
            }
        }
    }

    private func stop(_ change: DirectoryChange, in directory: Directory) async throws {
        let entry = AuditEntry(
            at: ManualTime().now(), actor: "test", action: "stop", subject: "test")
        try await directory.apply(change, audit: entry)
    }

    @Test(arguments: Place.allCases, Stop.allCases)
    func `what is stopped while a call waits is not sent`(
        place: Place, what: Stop
    ) async throws {
        let clock = WatchedTime()
        let (begun, begin) = AsyncStream.makeStream(of: Void.self)
        let (held, letGo) = AsyncStream.makeStream(of: Void.self)
        let fixture = try PipelineFixture(
            concurrentCalls: place == .process ? 1 : 1_024,
            placesAtProvider: place == .provider ? 1 : nil, clock: clock
        ) { _ in
            begin.finish()
            for await _ in held {}
            return .answer("1 1 x")
        }
        let (first, second) = (
            try fixture.call("one"), try fixture.call("two", request: "req_2")
        )
        async let one = fixture.outcome(first)
        for await _ in begun {}
        async let two = fixture.outcome(second)
        await clock.somebodyWaits()
        try await stop(try what.change(fixture.tenant), in: fixture.directory)
        letGo.finish()
        let outcomes = await (one, two)
        #expect(outcomes.0.code == nil && outcomes.1.code == what.code)
        #expect(fixture.transport.calls.count == 1 && fixture.ledger.rows.count == 1)
        #expect(try await fixture.counter().held == .zero)
        clock.letGo()
    }

    @Test func `a provider that is stopped after it has failed isn't asked again`() async throws {
        let holder = Holder<Directory>()
        let fixture = try PipelineFixture(hasSpare: true, retries: 2) { call in
            guard call.provider.description == "plain", let directory = holder.get() else {
                return .answer("1 1 x")
            }
            let entry = AuditEntry(
                at: ManualTime().now(), actor: "test", action: "stop", subject: "test")
            // A switch that wasn't engaged would show in the calls below.
            try? await directory.apply(.engage(.provider(call.provider), true), audit: entry)
            return .status(503)
        }
        holder.set(fixture.directory)
        #expect(await fixture.outcome(try fixture.call("hi")).code == nil)
        #expect(fixture.transport.calls.map(\.provider.description) == ["plain", "spare"])
    }
}

/// A clock that stands still until it is let go, and tells that somebody waits for it.
private final class WatchedTime: TimeSource {
    private let time = SteppedTime()
    private let (waits, wait) = AsyncStream.makeStream(of: Void.self)

    func now() -> Timestamp { time.now() }

    func pause(_ duration: Duration) async {
        wait.finish()
        await time.pause(duration)
    }

    func somebodyWaits() async { for await _ in waits {} }

    func letGo() { time.advance(by: .seconds(86_400)) }
}
