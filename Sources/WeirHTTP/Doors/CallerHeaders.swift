import HTTPTypes
import WeirCore
import WeirService

/// For whom a client of a provider's own endpoint calls: the body has no place for it.
struct CallerHeaders {
    let tenant: TenantID
    let user: UserID
    let feature: FeatureSlug

    /// The tenant is the key's own, or `X-Weir-Tenant` within the key's reach.
    init(_ call: Call) throws(WeirError) {
        let headers = call.head.headers
        let named = try CallerHeaders.integer(.weirTenant, headers, from: 1).flatMap(TenantID.init)
        guard let tenant = named ?? call.caller.onlyTenant else {
            throw WeirError(
                .invalidRequest, "X-Weir-Tenant is missing: this key reaches several tenants",
                param: "X-Weir-Tenant")
        }
        try call.caller.require(tenant)
        self.tenant = tenant
        user = try CallerHeaders.integer(.weirUser, headers, from: 0).flatMap(UserID.init) ?? .none
        feature = try CallerHeaders.feature(headers)
    }

    private static func feature(_ headers: HTTPFields) throws(WeirError) -> FeatureSlug {
        guard let text = try single(.weirFeature, headers) else { return .defaultFeature }
        guard let slug = FeatureSlug(text, limit: 64) else {
            throw error(.weirFeature, "must have 1 to 64 letters, digits or any of - _ . : / @ +")
        }
        return slug
    }

    private static func integer(
        _ name: HTTPField.Name, _ headers: HTTPFields, from least: Int64
    ) throws(WeirError) -> Int64? {
        guard let text = try single(name, headers) else { return nil }
        guard let number = plainInteger(text), number >= least else {
            throw error(name, "must be an integer from \(least)")
        }
        return number
    }

    private static func single(
        _ name: HTTPField.Name, _ headers: HTTPFields
    ) throws(WeirError) -> String? {
        let values = headers[values: name]
        guard values.count <= 1 else { throw error(name, "must be given once") }
        return values.first
    }

    private static func error(_ name: HTTPField.Name, _ reason: String) -> WeirError {
        WeirError(.invalidRequest, "\(name.rawName) \(reason)", param: name.rawName)
    }
}
