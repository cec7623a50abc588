package import WeirCore

/// Stops AI calls by hand: everything, a tenant, a feature, a provider or a model.
package struct KillSwitchAdministration: Sendable {
    private let directory: Directory
    private let time: any TimeSource

    package init(directory: Directory, time: any TimeSource) {
        self.directory = directory
        self.time = time
    }

    /// The switches that are engaged, by name.
    package func list(by caller: Caller) throws(WeirError) -> [KillSwitches.Target] {
        try caller.requireAdmin()
        return directory.snapshot.switches.engaged.sorted { $0.description < $1.description }
    }

    /// Engages or releases a switch; in force for the next call when this returns.
    package func set(
        _ target: KillSwitches.Target, engaged: Bool, by caller: Caller
    ) async throws(WeirError) {
        try caller.requireAdmin()
        var tenant: TenantID?
        if case .tenant(let id) = target { tenant = id }
        let entry = AuditEntry(
            at: time.now(), actor: caller.key.description,
            action: engaged ? "kill_switch.engage" : "kill_switch.release", tenant: tenant,
            subject: target.description)
        try await directory.apply(.engage(target, engaged), audit: entry)
    }
}
