import Testing
import WeirCore

@Suite struct TenantLimitsTests {
    private static let tier = CallLimits(
        calls: RateLimit(perMinute: 60, burst: 9), tokensPerMinute: 500, concurrent: 3)

    @Test(arguments: [
        (TenantLimits(), tier),
        (
            TenantLimits(perMinute: 7),
            CallLimits(
                calls: RateLimit(perMinute: 7, burst: 9), tokensPerMinute: 500, concurrent: 3)
        ),
        (
            TenantLimits(burst: 0),
            CallLimits(
                calls: RateLimit(perMinute: 60, burst: 0), tokensPerMinute: 500, concurrent: 3)
        ),
        (TenantLimits(perMinute: 0), CallLimits(tokensPerMinute: 500, concurrent: 3)),
        (
            TenantLimits(tokensPerMinute: 0, concurrent: 0),
            CallLimits(calls: RateLimit(perMinute: 60, burst: 9))
        ),
        (
            TenantLimits(tokensPerMinute: 9, concurrent: 8),
            CallLimits(
                calls: RateLimit(perMinute: 60, burst: 9), tokensPerMinute: 9, concurrent: 8)
        ),
    ])
    func `a tenant's own figures stand over its tier's`(
        own: TenantLimits, limits: CallLimits
    ) {
        #expect(own.over(Self.tier) == limits)
    }

    @Test func `where the tier has no limit, a tenant may have one`() {
        #expect(
            TenantLimits(perMinute: 5).over(CallLimits())
                == CallLimits(calls: RateLimit(perMinute: 5, burst: 20)))
        #expect(TenantLimits(burst: 5).over(CallLimits()) == CallLimits())
    }
}
