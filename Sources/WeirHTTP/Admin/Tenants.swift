import WeirCore
import WeirService

extension Routes {
    /// `GET /admin/tenants`
    func listTenants(_ call: Call) async throws(WeirError) -> Answer {
        let tenants = try use.administration.tenants.list(by: call.caller)
        return Answer(["tenants": .array(tenants.map(\.json))])
    }

    /// `GET /admin/tenants/{id}`
    func getTenant(_ call: Call) async throws(WeirError) -> Answer {
        Answer(try use.administration.tenants.get(try tenantID(call), by: call.caller).json)
    }

    /// `PUT /admin/tenants/{id}`
    func putTenant(_ call: Call) async throws(WeirError) -> Answer {
        let id = try tenantID(call)
        let change = try TenantChange(call.body)
        return Answer(try await use.administration.tenants.put(id, change, by: call.caller).json)
    }

    private func tenantID(_ call: Call) throws(WeirError) -> TenantID {
        guard let id = plainInteger(call.parameter).flatMap(TenantID.init) else {
            throw WeirError(
                .invalidRequest, "A tenant's id is a positive integer", param: "id")
        }
        return id
    }
}

extension Tenant {
    var json: JSON {
        let isUnlimited = budget == .unlimited
        return [
            "tenant_id": JSON(id.number), "name": .string(name), "tier": .string(tier.rawValue),
            "is_active": .bool(isActive),
            "expires_at": expiresAt.map { .string($0.rfc3339) } ?? .null,
            "budget_usd": exactBudget, "unlimited": .bool(isUnlimited),
            "timezone": .string(timeZone),
            "features": table(features) { .bool($0) },
            "budgets": [
                "users": table(caps.users) { .number($0.exactUSD) },
                "features": table(caps.features) { .number($0.exactUSD) },
                "keys": table(caps.keys) { .number($0.exactUSD) },
            ],
            "models": .array(models.map { .string($0.description) }),
            "limits": limits == TenantLimits() ? .null : limits.json,
        ]
    }

    /// With every digit that was put.
    private var exactBudget: JSON {
        switch budget {
        case .capped(let money): .number(money.exactUSD)
        case .unlimited: .null
        }
    }

    private func table<Value>(_ values: [String: Value], _ json: (Value) -> JSON) -> JSON {
        .object(
            JSONObject(
                values.sorted { $0.key < $1.key }
                    .map { .init(name: $0.key, value: json($0.value)) }))
    }
}

extension TenantLimits {
    /// Null is the tier's figure.
    fileprivate var json: JSON {
        func figure(_ value: Int?) -> JSON { value.map { JSON($0) } ?? .null }
        return [
            "per_minute": figure(perMinute), "burst": figure(burst),
            "tokens_per_minute": figure(tokensPerMinute), "concurrent": figure(concurrent),
        ]
    }
}
