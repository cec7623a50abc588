import WeirHTTP
import WeirService

extension Administration {
    /// Of one store.
    init(
        _ directory: Directory, _ store: any DirectoryStore, time: any TimeSource,
        reload: ConfigurationReload?, onBudget: BudgetChange? = nil
    ) {
        self.init(
            tenants: TenantAdministration(
                directory: directory, time: time, onBudget: onBudget),
            keys: KeyAdministration(directory: directory, time: time),
            killSwitches: KillSwitchAdministration(directory: directory, time: time),
            audit: AuditQueries(store: store), reload: reload?.reload)
    }
}
