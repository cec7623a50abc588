import WeirCore
package import WeirService

extension SQLiteStore {
    package func loadDirectory() async throws(StoreError) -> DirectoryContents {
        try await readers.read { connection throws(SQLiteError) in
            var contents = DirectoryContents()
            try connection.statement(Tenant.query).each { row throws(SQLiteError) in
                contents.tenants.append(try Tenant(row))
            }
            try connection.statement(ServiceKey.query).each { row throws(SQLiteError) in
                contents.keys.append(try ServiceKey(row))
            }
            try connection.statement("SELECT target FROM kill_switches").each {
                row throws(SQLiteError) in
                guard let target = KillSwitches.Target(row.text(0)) else {
                    throw .corrupt("kill switch \(row.text(0)) can't be read")
                }
                contents.switches.engaged.insert(target)
            }
            try connection.statement("SELECT document FROM own_prices ORDER BY seq").each {
                row throws(SQLiteError) in
                contents.prices.append(row.text(0))
            }
            return contents
        }
    }

    package func apply(
        _ change: DirectoryChange, audit: AuditEntry
    ) async throws(StoreError) {
        try await writer.write { session throws(SQLiteError) in
            try session.apply(change, audit: audit)
        }
    }

    package func append(_ entry: AuditEntry) async throws(StoreError) {
        try await writer.write { session throws(SQLiteError) in
            try session.append(ChainEntry(entry))
        }
    }

    package func append(_ entry: AuditEntry, event: String) async throws(StoreError) {
        try await writer.write { session throws(SQLiteError) in
            try session.append(ChainEntry(entry))
            try session.publish(
                event, payload: entry.details.encoded, tenant: entry.tenant, at: entry.at)
        }
    }

    package func auditEntries(
        below cursor: Int64?, limit: Int
    ) async throws(StoreError) -> [RecordedAuditEntry] {
        guard limit > 0 else { return [] }
        return try await readers.read { connection throws(SQLiteError) in
            let query = try connection.statement(
                """
                SELECT seq, at, actor, action, tenant_id, subject, details, members, hash
                FROM audit_log WHERE seq < ? ORDER BY seq DESC LIMIT ?
                """)
            query.bind(cursor ?? .max)
            query.bind(Int64(limit))
            var entries: [RecordedAuditEntry] = []
            try query.each { row throws(SQLiteError) in
                entries.append(try RecordedAuditEntry(row))
            }
            return entries
        }
    }

    package func verifyAudit(
        checkpoint: AuditCheckpoint?
    ) async throws(StoreError) -> AuditVerdict {
        try await readers.read { connection throws(SQLiteError) in
            var verifier = AuditVerifier(connection, checkpoint: checkpoint)
            return try verifier.verdict()
        }
    }
}
