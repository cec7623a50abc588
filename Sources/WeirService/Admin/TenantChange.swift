package import WeirCore

/// What a PUT says about a tenant. What it doesn't say stays, or is the default of a new one.
package struct TenantChange: Sendable, Equatable {
    package var name: String?
    package var tier: Tenant.Tier?
    package var isActive: Bool?
    package var expiresAt: Change<Timestamp>?
    package var budget: BudgetLimit?
    package var timeZone: String?
    package var features: [String: Bool]?
    package var userCaps: [String: Money]?
    package var featureCaps: [String: Money]?
    package var keyCaps: [String: Money]?
    package var models: [ModelName]?
    package var limits: Change<TenantLimits>?

    /// A value to set, or its removal.
    package enum Change<Value: Sendable & Equatable>: Sendable, Equatable {
        case set(Value)
        case remove

        var value: Value? {
            switch self {
            case .set(let value): value
            case .remove: nil
            }
        }
    }

    package init() {}

    /// The most entries that a list or a table of a tenant may hold.
    package static let entryLimit = 1_000
    /// The most bytes of a name for people.
    package static let nameLimit = 200

    func applied(to tenant: Tenant) -> Tenant {
        var next = tenant
        if let name { next.name = name }
        if let tier { next.tier = tier }
        if let isActive { next.isActive = isActive }
        if let expiresAt { next.expiresAt = expiresAt.value }
        if let budget { next.budget = budget }
        if let timeZone { next.timeZone = timeZone }
        if let features { next.features = features }
        if let userCaps { next.caps.users = userCaps }
        if let featureCaps { next.caps.features = featureCaps }
        if let keyCaps { next.caps.keys = keyCaps }
        if let models { next.models = models }
        if let limits { next.limits = limits.value ?? TenantLimits() }
        return next
    }

    /// Refuses what no tenant can have; the message names the field.
    func validate() throws(WeirError) {
        if let name { try requireName(name, param: "name") }
        if let timeZone, !BillingCalendar.isKnown(timeZone) {
            throw WeirError(
                .invalidRequest, "timezone must be an IANA time zone", param: "timezone")
        }
        try require(features, param: "features", isFeature)
        try require(userCaps, param: "budgets.users") { name in
            name == "*" || Int64(name).flatMap(UserID.init)?.number.description == name
        }
        try require(featureCaps, param: "budgets.features", isFeature)
        try require(keyCaps, param: "budgets.keys") { $0 == "*" || Slug($0) != nil }
        if let models, models.count > TenantChange.entryLimit {
            throw WeirError(.invalidRequest, "models has too many entries", param: "models")
        }
    }

    private func require<Value>(
        _ table: [String: Value]?, param: String, _ allows: (String) -> Bool
    ) throws(WeirError) {
        guard let table else { return }
        guard table.count <= TenantChange.entryLimit else {
            throw WeirError(
                .invalidRequest, "\(param) has over \(TenantChange.entryLimit) entries",
                param: param)
        }
        guard table.keys.allSatisfy(allows) else {
            throw WeirError(.invalidRequest, "\(param) has a name that can't be", param: param)
        }
    }
}

private func isFeature(_ name: String) -> Bool { name == "*" || Slug(name, limit: 64) != nil }

/// A name for people: 1 to 200 bytes, no control characters.
func requireName(_ name: String, param: String) throws(WeirError) {
    let isPrintable = name.unicodeScalars.allSatisfy {
        $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value)
    }
    guard (1...TenantChange.nameLimit).contains(name.utf8.count), isPrintable else {
        throw WeirError(
            .invalidRequest,
            "\(param) must have 1 to \(TenantChange.nameLimit) bytes and no control characters",
            param: param)
    }
}
