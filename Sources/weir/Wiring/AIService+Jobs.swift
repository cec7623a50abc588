import WeirCore
import WeirService
import WeirStorage
import WeirUpstream

extension AIService {
    /// Nil where jobs are kept in front of this process, by its gateway.
    static func jobDesk(
        _ configuration: Configuration, _ role: Role, _ store: SQLiteStore,
        _ directory: Directory, _ batches: BatchRoutes, _ time: any TimeSource
    ) -> JobDesk? {
        guard role == .all else { return nil }
        return JobDesk(
            store: store, audit: store, queues: configuration.queues,
            admission: JobAdmission(
                directory: directory, catalogue: configuration.catalogue, batches: batches),
            webhooks: configuration.webhooks.rules, bell: JobBell(), time: time)
    }
}
