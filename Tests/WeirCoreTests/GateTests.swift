import Testing
import WeirCore

@Suite struct GateTests {
    let now = Timestamp(milliseconds: 1_000_000)

    private func refusal(
        _ change: (inout Tenant) -> Void, switches: KillSwitches = KillSwitches(),
        isKnown: Bool = true
    ) throws -> WeirError.Code? {
        let id = try #require(TenantID(42))
        let feature = try #require(FeatureSlug("sales"))
        var tenant = Tenant(id: id, name: "Demo", isActive: true)
        change(&tenant)
        do throws(WeirError) {
            try ModuleGate.check(
                tenant: isKnown ? tenant : nil, id: id, feature: feature, switches: switches,
                now: now)
            return nil
        } catch { return error.code }
    }

    @Test func `the module is off until it is switched on`() throws {
        #expect(try refusal { _ in } == nil)
        #expect(try refusal { $0.isActive = false } == .moduleInactive)
        #expect(try refusal({ _ in }, isKnown: false) == .moduleInactive)
    }

    @Test func `it expires on the moment`() throws {
        #expect(try refusal { $0.expiresAt = now } == .moduleExpired)
        #expect(try refusal { $0.expiresAt = Timestamp(milliseconds: 1_000_001) } == nil)
    }

    @Test func `features have switches and a default`() throws {
        #expect(try refusal { $0.features = ["sales": false] } == .featureDisabled)
        #expect(try refusal { $0.features = ["*": false] } == .featureDisabled)
        #expect(try refusal { $0.features = ["*": false, "sales": true] } == nil)
        #expect(try refusal { $0.features = ["other": false] } == nil)
    }

    @Test(arguments: ["all", "tenant:42", "feature:sales"])
    func `a kill switch stops everything below it`(text: String) throws {
        let target = try #require(KillSwitches.Target(text))
        let switches = KillSwitches(engaged: [target])
        #expect(try refusal({ _ in }, switches: switches) == .killSwitch)
    }

    @Test(arguments: ["tenant:43", "feature:other", "model:x", "provider:y"])
    func `another's kill switch stops nothing`(text: String) throws {
        let target = try #require(KillSwitches.Target(text))
        #expect(try refusal({ _ in }, switches: KillSwitches(engaged: [target])) == nil)
    }
}
