/// Whether a tenant's AI module lets a call through: off by default, then flag, expiry, feature
/// switches, kill switches, permitted models.
package enum ModuleGate {
    /// Throws the refusal; returns where the call may go on.
    package static func check(
        tenant: Tenant?, id: TenantID, feature: FeatureSlug, switches: KillSwitches,
        now: Timestamp
    ) throws(WeirError) {
        try checkSwitches(id, feature, switches)
        guard let tenant, tenant.isActive else {
            throw WeirError(.moduleInactive, "AI module not activated for tenant \(id)")
        }
        if let expiry = tenant.expiresAt, now >= expiry {
            throw WeirError(.moduleExpired, "AI module expired for tenant \(id)")
        }
        guard tenant.features[feature.description] ?? tenant.features["*"] ?? true else {
            throw WeirError(
                .featureDisabled, "Feature \(feature) is switched off for tenant \(id)")
        }
    }

    /// What can be said of a tenant of which nothing is known but its number.
    package static func checkSwitches(
        _ id: TenantID, _ feature: FeatureSlug, _ switches: KillSwitches
    ) throws(WeirError) {
        guard let target = switches.first(of: [.all, .tenant(id), .feature(feature)]) else {
            return
        }
        throw WeirError(.killSwitch, "AI calls are stopped by an operator (\(target))")
    }
}
