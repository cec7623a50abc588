import WeirHTTP
import WeirService

extension Administration {
    /// Of one store.
    init(
        _ directory: Directory, _ store: any DirectoryStore, time: any TimeSource,
        reload: ConfigurationReload?
    ) {
        self.init(
            tenants: TenantAdministration(directory: directory, time: time),
            keys: KeyAdministration(directory: directory, time: time),
            killSwitches: KillSwitchAdministration(directory: directory, time: time),
            audit: AuditQueries(store: store), reload: reload?.reload)
    }
}
