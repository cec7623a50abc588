package import WeirCore

/// Shows the audit log and checks its chain.
package struct AuditQueries: Sendable {
    private let store: any DirectoryStore

    package static let pageLimit = 500

    package init(store: any DirectoryStore) { self.store = store }

    package struct Page: Sendable, Equatable {
        package let entries: [RecordedAuditEntry]
        /// Where the next page begins; nil on the last one.
        package let next: Int64?
    }

    /// Entries, newest first.
    package func page(
        below cursor: Int64?, limit: Int, by caller: Caller
    ) async throws(WeirError) -> Page {
        try caller.requireAdmin()
        let limit = min(max(limit, 1), AuditQueries.pageLimit)
        let found: [RecordedAuditEntry]
        do {
            found = try await store.auditEntries(below: cursor, limit: limit + 1)
        } catch {
            throw WeirError(error)
        }
        let entries = Array(found.prefix(limit))
        return Page(entries: entries, next: found.count > limit ? entries.last?.sequence : nil)
    }

    /// - Parameter checkpoint: an entry that was noted elsewhere; without one a cut tail is unseen.
    package func verify(
        checkpoint: AuditCheckpoint?, by caller: Caller
    ) async throws(WeirError) -> AuditVerdict {
        try caller.requireAdmin()
        do {
            return try await store.verifyAudit(checkpoint: checkpoint)
        } catch {
            throw WeirError(error)
        }
    }
}
