/// Every tenant's calls against the one limit that is in force.
///
/// Of at most `capacity` tenants: where one more comes, those whose burst is whole again are
/// forgotten, which changes nothing for them; and if that isn't enough, the half that is nearest to
/// it, whose burst is whole again sooner than it should be.
package struct TenantRates: Sendable {
    package let limit: RateLimit
    private let capacity: Int
    private var buckets: [TenantID: RateBucket] = [:]

    package init(limit: RateLimit, capacity: Int = 65_536) {
        self.limit = limit
        self.capacity = max(2, capacity)
    }

    package var count: Int { buckets.count }

    package mutating func admit(_ tenant: TenantID, at now: Timestamp) -> RateAdmission {
        if buckets.count >= capacity, buckets[tenant] == nil { makeRoom(at: now) }
        return buckets[tenant, default: RateBucket(at: now)].admit(limit, at: now)
    }

    /// The tenant's last admitted call doesn't count.
    package mutating func giveBack(_ tenant: TenantID) { buckets[tenant]?.giveBack() }

    /// Half of all goes at a time, so that the search is paid by as many calls.
    private mutating func makeRoom(at now: Timestamp) {
        let limit = limit
        buckets = buckets.filter { $0.value.level(of: limit, at: now) > 0 }
        guard buckets.count > capacity / 2 else { return }
        let ranked = buckets.map { (tenant: $0.key, level: $0.value.level(of: limit, at: now)) }
            .sorted { ($0.level, $0.tenant.number) < ($1.level, $1.tenant.number) }
        for (tenant, _) in ranked.prefix(buckets.count - capacity / 2) { buckets[tenant] = nil }
    }
}
