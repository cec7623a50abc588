package import WeirCore

/// A call as the limits see it, at a gateway that knows no more of it.
package struct LimitedCall: Sendable {
    package let tenant: TenantID
    /// Nil for one that isn't known here: the limits of every tenant hold for it.
    package let known: Tenant?
    package let user: UserID
    package let feature: FeatureSlug
    package let key: KeyID

    package init(
        tenant: TenantID, known: Tenant?, user: UserID, feature: FeatureSlug, key: KeyID
    ) {
        self.tenant = tenant
        self.known = known
        self.user = user
        self.feature = feature
        self.key = key
    }
}

extension LimitPolicy {
    func limits(of call: LimitedCall) -> [LimitedScope] {
        var policy = self
        if call.known == nil { policy.tiers = [:] }
        return policy.limits(
            of: call.known ?? Tenant(id: call.tenant, name: ""), user: call.user,
            feature: call.feature, key: call.key)
    }
}
