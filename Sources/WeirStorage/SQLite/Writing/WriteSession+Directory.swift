import WeirCore
import WeirService

extension WriteSession {
    func apply(_ change: DirectoryChange, audit: AuditEntry) throws(SQLiteError) {
        switch change {
        case .putTenant(let tenant): try put(tenant)
        case .putKeys(let keys):
            for key in keys { try put(key) }
        case .engage(let target, let isEngaged): try engage(target, isEngaged)
        case .addPrices(let document):
            let insert = try connection.statement("INSERT INTO own_prices (document) VALUES (?)")
            insert.bind(document)
            try insert.run()
        }
        try append(ChainEntry(audit))
    }

    /// Chains one entry.
    func append(_ entry: ChainEntry) throws(SQLiteError) {
        var next = chain
        next.advance(entry)
        let insert = ledger.appendAudit
        insert.bind(next.sequence)
        insert.bind(entry.at)
        insert.bind(entry.actor)
        insert.bind(entry.action)
        insert.bind(entry.tenant)
        insert.bind(entry.subject)
        insert.bind(text: entry.details)
        insert.bind(blob: entry.members)
        insert.bind(blob: next.hash)
        try insert.run()
        chain = next
    }

    private func put(_ tenant: Tenant) throws(SQLiteError) {
        let upsert = try connection.statement(
            """
            INSERT INTO tenants (tenant_id, name, tier, is_active, expires_at, budget_nanos,
                caps, time_zone, features, models, limits)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (tenant_id) DO UPDATE SET
                name = excluded.name, tier = excluded.tier, is_active = excluded.is_active,
                expires_at = excluded.expires_at, budget_nanos = excluded.budget_nanos,
                caps = excluded.caps, time_zone = excluded.time_zone,
                features = excluded.features, models = excluded.models,
                limits = excluded.limits
            """)
        upsert.bind(tenant.id.number)
        upsert.bind(tenant.name)
        upsert.bind(tenant.tier.rawValue)
        upsert.bind(tenant.isActive)
        upsert.bind(tenant.expiresAt?.milliseconds)
        upsert.bind(tenant.budget.column)
        upsert.bind(text: tenant.caps.column)
        upsert.bind(tenant.timeZone)
        upsert.bind(text: tenant.featuresColumn)
        upsert.bind(text: JSON.array(tenant.models.map { .string($0.description) }).encoded)
        upsert.bind(tenant.limits.column)
        try upsert.run()
    }

    private func put(_ key: ServiceKey) throws(SQLiteError) {
        let upsert = try connection.statement(
            """
            INSERT INTO service_keys (key_id, name, role, reach, digest, created_at, ends_at)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (key_id) DO UPDATE SET
                name = excluded.name, role = excluded.role, reach = excluded.reach,
                digest = excluded.digest, created_at = excluded.created_at,
                ends_at = excluded.ends_at
            """)
        upsert.bind(key.id.description)
        upsert.bind(key.name)
        upsert.bind(key.role.rawValue)
        upsert.bind(key.reach.column)
        upsert.bind(blob: key.digest)
        upsert.bind(key.createdAt.milliseconds)
        upsert.bind(key.endsAt?.milliseconds)
        try upsert.run()
    }

    private func engage(
        _ target: KillSwitches.Target, _ isEngaged: Bool
    ) throws(SQLiteError) {
        let change = try connection.statement(
            isEngaged
                ? "INSERT INTO kill_switches (target) VALUES (?) ON CONFLICT DO NOTHING"
                : "DELETE FROM kill_switches WHERE target = ?")
        change.bind(target.description)
        try change.run()
    }
}

extension ChainEntry {
    init(_ entry: AuditEntry) {
        self.init(
            at: entry.at.milliseconds, actor: entry.actor, action: entry.action,
            tenant: entry.tenant?.number, subject: entry.subject, details: entry.details.encoded)
    }
}
