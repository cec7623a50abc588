package import WeirCore

/// What a call to the AI service has to pass at a gateway, a client's as well as a job's: the kill
/// switches and the limits that hold here.
package struct GatewayAdmission: Sendable {
    private let limits: RateGate?
    private let directory: Directory
    private let time: any TimeSource

    /// - Parameters:
    ///   - limits: nil: everybody may call as often as they like.
    ///   - directory: tiers of the tenants that are known here, and kill switches.
    package init(limits: RateGate?, directory: Directory, time: any TimeSource) {
        self.limits = limits
        self.directory = directory
        self.time = time
    }

    /// Throws `ai_kill_switch` where an operator has stopped such calls.
    package func requireRunning(
        _ tenant: TenantID?, _ feature: FeatureSlug?
    ) throws(WeirError) {
        var targets: [KillSwitches.Target] = [.all]
        if let tenant { targets.append(.tenant(tenant)) }
        if let feature { targets.append(.feature(feature)) }
        guard let target = directory.snapshot.switches.first(of: targets) else { return }
        throw WeirError(.killSwitch, "AI calls are stopped by an operator (\(target))")
    }

    /// Takes in a call that is on its way to an instance; nil where nothing limits it. Throws
    /// `rate_limited`, with nothing taken.
    ///
    /// - Parameter bytes: of its body, by which its tokens are guessed.
    package func admit(
        _ tenant: TenantID, _ user: UserID, _ feature: FeatureSlug, _ key: KeyID, bytes: Int
    ) throws(WeirError) -> (permit: CallPermit, standing: CallStanding)? {
        guard let limits else { return nil }
        let call = LimitedCall(
            tenant: tenant, known: directory.snapshot.tenants[tenant], user: user,
            feature: feature, key: key)
        // Four bytes a token are usual.
        return try limits.admit(call, estimate: Int64(bytes / 4), at: time.now())
    }
}
