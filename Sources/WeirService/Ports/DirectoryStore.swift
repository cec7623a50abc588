package import WeirCore

/// Where tenants, keys, switches and own prices are kept, and the audit log of their changes.
package protocol DirectoryStore: Sendable {
    func loadDirectory() async throws(StoreError) -> DirectoryContents

    /// One change and its audit entry in one transaction.
    func apply(_ change: DirectoryChange, audit: AuditEntry) async throws(StoreError)

    /// An audit entry by itself: a provider switch, screening findings.
    func append(_ entry: AuditEntry) async throws(StoreError)

    /// An audit entry, and with it in one transaction an event for whoever subscribes: its payload
    /// is the entry's details.
    func append(_ entry: AuditEntry, event: String) async throws(StoreError)

    /// Entries, newest first, strictly below a sequence number.
    func auditEntries(below cursor: Int64?, limit: Int) async throws(StoreError)
        -> [RecordedAuditEntry]

    /// Recomputes the whole chain, and every ledger digest in it.
    /// - Parameter checkpoint: an entry that must be in the chain with exactly this hash: without
    ///   one, a cut tail or a rewritten whole can't be seen.
    func verifyAudit(checkpoint: AuditCheckpoint?) async throws(StoreError) -> AuditVerdict
}

package struct DirectoryContents: Sendable, Equatable {
    package var tenants: [Tenant]
    package var keys: [ServiceKey]
    package var switches: KillSwitches
    /// Price documents that were put by API, oldest first, as JSON text.
    package var prices: [String]

    package init(
        tenants: [Tenant] = [], keys: [ServiceKey] = [], switches: KillSwitches = KillSwitches(),
        prices: [String] = []
    ) {
        self.tenants = tenants
        self.keys = keys
        self.switches = switches
        self.prices = prices
    }
}

package enum DirectoryChange: Sendable, Equatable {
    case putTenant(Tenant)
    case putKeys([ServiceKey])
    case engage(KillSwitches.Target, Bool)
    case addPrices(String)
}

/// Who did what, to be chained into the audit log.
package struct AuditEntry: Sendable, Equatable {
    package let at: Timestamp
    /// A key's id, or `weir` for what the service does by itself, or `operator` for the command
    /// line.
    package let actor: String
    /// `tenant.put`, `key.create`, `provider.switch`, …
    package let action: String
    package let tenant: TenantID?
    /// What it was done to: a key's id, a switch, a request's id.
    package let subject: String
    /// Facts, never a secret, a prompt or an answer.
    package let details: JSON

    package init(
        at: Timestamp, actor: String, action: String, tenant: TenantID? = nil, subject: String,
        details: JSON = .object(JSONObject())
    ) {
        self.at = at
        self.actor = actor
        self.action = action
        self.tenant = tenant
        self.subject = subject
        self.details = details
    }
}

package struct RecordedAuditEntry: Sendable, Equatable {
    package let sequence: Int64
    package let entry: AuditEntry
    package let hash: [UInt8]

    package init(sequence: Int64, entry: AuditEntry, hash: [UInt8]) {
        self.sequence = sequence
        self.entry = entry
        self.hash = hash
    }
}

/// The head of the chain at some moment, to be kept outside of the database.
package struct AuditCheckpoint: Sendable, Equatable {
    package let sequence: Int64
    package let hash: [UInt8]

    package init(sequence: Int64, hash: [UInt8]) {
        self.sequence = sequence
        self.hash = hash
    }
}

package enum AuditVerdict: Sendable, Equatable {
    /// Sound, with the chain's head.
    case sound(entries: Int64, head: AuditCheckpoint?)
    case broken(at: Int64, reason: String)
}
