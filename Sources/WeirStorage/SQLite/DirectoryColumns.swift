import WeirCore
import WeirService

extension BudgetLimit {
    /// Nano-USD; NULL is unlimited.
    var column: Int64? {
        switch self {
        case .capped(let money): money.nanos
        case .unlimited: nil
        }
    }
}

extension ScopeCaps {
    /// Three JSON objects of nano-USD by name.
    var column: [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        for (kind, caps) in [("users", users), ("features", features), ("keys", keys)] {
            writer.name(kind)
            writer.beginObject()
            for (name, cap) in caps.sorted(by: { $0.key < $1.key }) {
                writer.member(name, cap.nanos)
            }
            writer.endObject()
        }
        writer.endObject()
        return writer.bytes
    }

    fileprivate init?(column: [UInt8]) {
        guard let object = parse(column) else { return nil }
        func caps(_ kind: String) -> [String: Money]? {
            guard let members = object[kind]?.object?.members else { return nil }
            var caps: [String: Money] = [:]
            for member in members {
                guard let nanos = member.value.integer else { return nil }
                caps[member.name] = Money(nanos: nanos)
            }
            return caps
        }
        guard let users = caps("users"), let features = caps("features"), let keys = caps("keys")
        else { return nil }
        self.init(users: users, features: features, keys: keys)
    }
}

extension ServiceKey.Reach {
    /// A JSON array of tenants; NULL is every tenant.
    var column: String? {
        switch self {
        case .all: nil
        case .tenants(let list): JSON.array(list.map { JSON($0.number) }).text
        }
    }

    fileprivate init?(column: [UInt8]?) {
        guard let column else {
            self = .all
            return
        }
        guard let elements = parse(column)?.array else { return nil }
        let tenants = elements.compactMap { $0.integer.flatMap(TenantID.init) }
        guard tenants.count == elements.count else { return nil }
        self = .tenants(tenants)
    }
}

extension TenantLimits {
    private static var names: [(String, WritableKeyPath<TenantLimits, Int?>)] {
        [
            ("per_minute", \.perMinute), ("burst", \.burst),
            ("tokens_per_minute", \.tokensPerMinute), ("concurrent", \.concurrent),
        ]
    }

    /// A JSON object of the figures that are given; NULL where none is.
    var column: String? {
        let members = TenantLimits.names.compactMap { name, path in
            self[keyPath: path].map { JSONObject.Member(name: name, value: JSON($0)) }
        }
        return members.isEmpty ? nil : JSON.object(JSONObject(members)).text
    }

    fileprivate init?(column: [UInt8]?) {
        self.init()
        guard let column else { return }
        guard let object = parse(column)?.object else { return nil }
        for (name, path) in TenantLimits.names {
            guard let value = object[name] else { continue }
            guard let figure = value.integer.flatMap({ Int(exactly: $0) }) else { return nil }
            self[keyPath: path] = figure
        }
    }
}

extension Tenant {
    static let query = """
        SELECT tenant_id, name, tier, is_active, expires_at, budget_nanos, caps, time_zone,
            features, models, limits
        FROM tenants ORDER BY tenant_id
        """

    var featuresColumn: [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        for (slug, isOn) in features.sorted(by: { $0.key < $1.key }) {
            writer.member(slug, .bool(isOn))
        }
        writer.endObject()
        return writer.bytes
    }

    init(_ row: borrowing Row) throws(SQLiteError) {
        let models = parse(row.bytes(9))?.array
        var features: [String: Bool] = [:]
        for member in parse(row.bytes(8))?.object?.members ?? [] {
            features[member.name] = member.value.bool
        }
        guard let id = TenantID(row.int64(0)), let tier = Tier(rawValue: row.text(2)),
            let caps = ScopeCaps(column: row.bytes(6)), let models,
            let limits = TenantLimits(column: row.isNull(10) ? nil : row.bytes(10))
        else { throw .corrupt("tenant \(row.int64(0)) can't be read") }
        self.init(
            id: id, name: row.text(1), tier: tier, isActive: row.bool(3),
            expiresAt: row.optionalInt64(4).map(Timestamp.init(milliseconds:)),
            budget: row.optionalInt64(5).map { .capped(Money(nanos: $0)) } ?? .unlimited,
            caps: caps, timeZone: row.text(7), features: features,
            models: models.compactMap { $0.string.flatMap { ModelName($0) } }, limits: limits)
    }
}

extension ServiceKey {
    static let query = """
        SELECT key_id, name, role, reach, digest, created_at, ends_at
        FROM service_keys ORDER BY created_at, key_id
        """

    init(_ row: borrowing Row) throws(SQLiteError) {
        guard let id = KeyID(row.text(0)), let role = Role(rawValue: row.text(2)),
            let reach = Reach(column: row.isNull(3) ? nil : row.bytes(3))
        else { throw .corrupt("service key \(row.text(0)) can't be read") }
        self.init(
            id: id, name: row.text(1), role: role, reach: reach, digest: row.bytes(4),
            createdAt: Timestamp(milliseconds: row.int64(5)),
            endsAt: row.optionalInt64(6).map(Timestamp.init(milliseconds:)))
    }
}

extension RecordedAuditEntry {
    init(_ row: borrowing Row) throws(SQLiteError) {
        let details = parse(row.bytes(6)) ?? .string(row.text(6))
        self.init(
            sequence: row.int64(0),
            entry: AuditEntry(
                at: Timestamp(milliseconds: row.int64(1)), actor: row.text(2),
                action: row.text(3), tenant: row.optionalInt64(4).flatMap(TenantID.init),
                subject: row.text(5), details: details),
            hash: row.bytes(8))
    }
}

/// Nil for what isn't JSON: the caller says what can't be read.
private func parse(_ bytes: [UInt8]) -> JSON? {
    // The reason isn't needed: a column that doesn't parse wasn't written by this store.
    try? JSONParser.parse(bytes, .reply)
}
