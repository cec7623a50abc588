import Testing
import WeirCore
import WeirTesting

@Suite struct ProviderTrafficTests {
    let acme: ProviderName
    let model: ModelName

    init() throws {
        acme = try #require(ProviderName("acme"))
        model = try #require(ModelName("m"))
    }

    private func at(_ seconds: Int64) -> Timestamp { Timestamp(milliseconds: seconds * 1_000) }

    private func permit(
        _ traffic: inout ProviderTraffic, _ seconds: Int64
    ) throws -> ProviderTraffic.Permit {
        let admission = traffic.admit(acme, model, at: at(seconds), dice: 0)
        guard case .admitted(let permit) = admission else { throw Refused(admission: admission) }
        return permit
    }

    private struct Refused: Error { let admission: ProviderTraffic.Admission }

    @Test func `a provider has no more calls in flight than its limit`() throws {
        var traffic = ProviderTraffic(rules: BreakerRules(), limits: [acme: 2])
        let first = try permit(&traffic, 0)
        _ = try permit(&traffic, 0)
        #expect(traffic.admit(acme, model, at: at(0), dice: 0) == .full)
        traffic.end(first, at: at(1))
        traffic.end(first, at: at(1))
        _ = try permit(&traffic, 1)
        #expect(traffic.admit(acme, model, at: at(1), dice: 0) == .full)
        let snapshot = try #require(traffic.snapshots(at: at(1)).first)
        #expect(snapshot.inFlight == 2 && snapshot.limit == 2 && snapshot.refused == 2)
    }

    @Test func `a full provider isn't probed, and a refused call takes no place`() throws {
        var traffic = ProviderTraffic(rules: BreakerRules(), limits: [acme: 1])
        for _ in 0..<5 {
            let permit = try permit(&traffic, 0)
            traffic.record(.failure(retryAfter: nil), of: permit, at: at(0))
            traffic.end(permit, at: at(0))
        }
        #expect(traffic.admit(acme, model, at: at(1), dice: 0) == .broken(retryAfter: 9))
        #expect(traffic.snapshots(at: at(1)).first?.inFlight == 0)
        let other = try #require(ModelName("other"))
        guard case .admitted(let busy) = traffic.admit(acme, other, at: at(10), dice: 0) else {
            Issue.record("the other model was refused")
            return
        }
        #expect(traffic.admit(acme, model, at: at(10), dice: 0) == .full)
        traffic.end(busy, at: at(10))
        #expect(try permit(&traffic, 10).isProbe)
    }

    @Test func `a probe that ends without a word makes room for another`() throws {
        var traffic = ProviderTraffic(rules: BreakerRules(), limits: [acme: 10])
        for _ in 0..<5 {
            let permit = try permit(&traffic, 0)
            traffic.record(.failure(retryAfter: nil), of: permit, at: at(0))
            traffic.end(permit, at: at(0))
        }
        let probe = try permit(&traffic, 10)
        #expect(probe.isProbe)
        #expect(traffic.admit(acme, model, at: at(11), dice: 0) == .broken(retryAfter: 1))
        traffic.end(probe, at: at(11))
        let second = try permit(&traffic, 11)
        #expect(second.isProbe)
        traffic.record(.success, of: second, at: at(12))
        traffic.end(second, at: at(13))
        #expect(traffic.snapshots(at: at(13)).first?.models.first?.breaker.state == .slowStart)
    }

    @Test func `a provider without a limit is only kept from by its breakers`() throws {
        var traffic = ProviderTraffic(rules: BreakerRules(), limits: [:])
        let permits = try (0..<1_000).map { _ in try permit(&traffic, 0) }
        for permit in permits { traffic.end(permit, at: at(1)) }
        #expect(traffic.snapshots(at: at(1)).isEmpty)
    }

    @Test(arguments: 0..<100)
    func `what is in flight is what was admitted and not ended`(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let providers = try ["a", "b", "c"].map { try #require(ProviderName($0)) }
        let models = try (0..<20).map { try #require(ModelName("m\($0)")) }
        var limits: [ProviderName: Int] = [:]
        for provider in providers { limits[provider] = Int.random(in: 0...8, using: &random) }
        var traffic = ProviderTraffic(rules: BreakerRules(), limits: limits, capacity: 16)
        var live: [ProviderTraffic.Permit] = []
        var ended: [ProviderTraffic.Permit] = []
        var seconds: Int64 = 0
        for _ in 0..<2_000 {
            seconds += Int64.random(in: 0...3, using: &random)
            let provider = providers[Int.random(in: 0..<3, using: &random)]
            if Bool.random(using: &random) {
                let admission = traffic.admit(
                    provider, models[Int.random(in: 0..<20, using: &random)], at: at(seconds),
                    dice: random.next())
                if case .admitted(let permit) = admission { live.append(permit) }
                let count = live.filter { $0.key.provider == provider }.count
                if count > limits[provider] ?? 0 { Issue.record("seed \(seed): over the limit") }
            } else if let index = live.indices.randomElement(using: &random) {
                let permit = live.remove(at: index)
                let outcomes: [BreakerOutcome] = [
                    .success, .neutral, .failure(retryAfter: nil), .failure(retryAfter: 5),
                ]
                if let outcome = outcomes.randomElement(using: &random) {
                    traffic.record(outcome, of: permit, at: at(seconds))
                }
                traffic.end(permit, at: at(seconds))
                ended.append(permit)
            } else if let permit = ended.randomElement(using: &random) {
                traffic.end(permit, at: at(seconds))
            }
            for snapshot in traffic.snapshots(at: at(seconds)) {
                let count = live.filter { $0.key.provider == snapshot.provider }.count
                if snapshot.inFlight != count { Issue.record("seed \(seed): \(snapshot)") }
            }
        }
    }
}
