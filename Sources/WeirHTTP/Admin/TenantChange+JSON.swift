import WeirCore
import WeirService

extension TenantChange {
    /// Reads a tenant's PUT body: what is there is set, what isn't stays.
    init(_ body: JSON) throws(WeirError) {
        self.init()
        let fields = try BodyFields(
            body,
            allowing: [
                "name", "tier", "is_active", "expires_at", "budget_usd", "unlimited", "timezone",
                "features", "budgets", "models", "limits",
            ])
        name = try fields.text("name")
        tier = try fields.choice("tier", Tenant.Tier.self)
        isActive = try fields.bool("is_active")
        if let value = fields["expires_at"] {
            expiresAt =
                value.isNull
                ? .remove
                : .set(try fields.required("expires_at", try fields.timestamp("expires_at")))
        }
        budget = try TenantChange.budget(fields)
        timeZone = try fields.text("timezone")
        features = try fields.table("features") { $0.bool }
        try readCaps(fields)
        models = try TenantChange.models(fields)
        if let value = fields["limits"] {
            limits = value.isNull ? .remove : .set(try TenantLimits(value))
        }
    }

    /// An amount, or `unlimited: true`; never both, and never unlimited by omission.
    private static func budget(_ fields: BodyFields) throws(WeirError) -> BudgetLimit? {
        let unlimited = try fields.bool("unlimited")
        let isNull = fields["budget_usd"]?.isNull ?? false
        let amount = isNull ? nil : try fields.budget("budget_usd")
        if unlimited == true {
            guard amount == nil else {
                throw fields.error("budget_usd", "and unlimited can't both be given")
            }
            return .unlimited
        }
        guard !isNull else { throw fields.error("budget_usd", "is null, but not unlimited") }
        guard amount != nil || unlimited == nil else {
            throw fields.error("budget_usd", "is missing beside unlimited: false")
        }
        return amount.map(BudgetLimit.capped)
    }

    private mutating func readCaps(_ fields: BodyFields) throws(WeirError) {
        guard let value = fields["budgets"] else { return }
        let budgets = try BodyFields(
            value, path: "budgets", allowing: ["users", "features", "keys"])
        userCaps = try budgets.table("users", TenantChange.cap)
        featureCaps = try budgets.table("features", TenantChange.cap)
        keyCaps = try budgets.table("keys", TenantChange.cap)
    }

    private static func cap(_ json: JSON) -> Money? {
        guard case .number(let text) = json, let money = Money(jsonNumber: text) else { return nil }
        return money >= .zero ? money : nil
    }

    private static func models(_ fields: BodyFields) throws(WeirError) -> [ModelName]? {
        guard let list = try fields.array("models", limit: entryLimit) else { return nil }
        var models: [ModelName] = []
        for item in list {
            guard let name = item.string.flatMap({ ModelName($0) }), !models.contains(name) else {
                throw fields.error("models", "must hold models' names, each once")
            }
            models.append(name)
        }
        return models
    }
}

extension TenantLimits {
    /// A figure that isn't there, or is null, is the tier's.
    fileprivate init(_ json: JSON) throws(WeirError) {
        let fields = try BodyFields(
            json, path: "limits",
            allowing: ["per_minute", "burst", "tokens_per_minute", "concurrent"])
        func figure(_ name: String, _ most: Int) throws(WeirError) -> Int? {
            guard fields[name]?.isNull == false else { return nil }
            return try fields.integer(name, in: 0...Int64(most)).map { Int(clamping: $0) }
        }
        self.init(
            perMinute: try figure("per_minute", TenantLimits.mostCalls),
            burst: try figure("burst", TenantLimits.mostCalls),
            tokensPerMinute: try figure("tokens_per_minute", RateLimit.most),
            concurrent: try figure("concurrent", TenantLimits.mostConcurrent))
    }
}

extension BodyFields {
    /// An object as a table; the names are the use case's to check.
    fileprivate func table<Value>(
        _ name: String, _ read: (JSON) -> Value?
    ) throws(WeirError) -> [String: Value]? {
        guard let value = self[name] else { return nil }
        guard let members = value.object?.members, members.count <= TenantChange.entryLimit else {
            throw error(
                name, "must be an object of at most \(TenantChange.entryLimit) entries")
        }
        var table: [String: Value] = [:]
        for member in members {
            guard let value = read(member.value) else {
                throw error(name, "has a wrong value for \"\(shownName(member.name))\"")
            }
            table[member.name] = value
        }
        return table
    }

    /// One of a few words.
    func choice<Choice: RawRepresentable & CaseIterable>(
        _ name: String, _ type: Choice.Type
    ) throws(WeirError) -> Choice? where Choice.RawValue == String {
        guard let text = try text(name) else { return nil }
        guard let choice = Choice(rawValue: text) else {
            throw error(
                name, "must be one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return choice
    }
}
