import Crypto
package import WeirCore

/// Who is calling, and for whom it may act.
package struct Caller: Sendable, Equatable {
    package let key: KeyID
    package let role: ServiceKey.Role
    package let reach: ServiceKey.Reach

    package init(key: KeyID, role: ServiceKey.Role, reach: ServiceKey.Reach) {
        self.key = key
        self.role = role
        self.reach = reach
    }

    /// Refuses what only an administrator may do.
    package func requireAdmin() throws(WeirError) {
        guard role == .admin else { throw WeirError(.forbidden, "This needs an admin key") }
    }

    /// Refuses a tenant outside of this caller's reach, whether it exists or not.
    package func require(_ tenant: TenantID) throws(WeirError) {
        guard reach.includes(tenant) else {
            throw WeirError(
                .forbidden, "This key does not reach tenant \(tenant)", param: "tenant_id")
        }
    }

    /// The tenant of a call that names none: the only one in reach.
    package var onlyTenant: TenantID? {
        if case .tenants(let list) = reach, list.count == 1 { list[0] } else { nil }
    }
}

/// Turns a presented token into a caller. Tokens are compared by SHA-256 digest, so the time that
/// a look-up takes says nothing about any key.
package struct Authenticator: Sendable {
    private let directory: Directory
    private let adminDigest: [UInt8]?
    private let time: any TimeSource

    /// - Parameter adminToken: the bootstrap administrator's credential from the configuration.
    package init(directory: Directory, adminToken: String?, time: any TimeSource) {
        self.directory = directory
        self.adminDigest = adminToken.map { digest(ofToken: $0) }
        self.time = time
    }

    package func authenticate(_ token: String?) throws(WeirError) -> Caller {
        guard let token, (1...512).contains(token.utf8.count) else {
            throw WeirError(.unauthorized, "A service key is missing")
        }
        let digest = digest(ofToken: token)
        if let key = directory.snapshot.keys[digest], key.isValid(at: time.now()) {
            return Caller(key: key.id, role: key.role, reach: key.reach)
        }
        if digest == adminDigest { return Authenticator.bootstrapAdmin }
        throw WeirError(.unauthorized, "The service key is unknown, revoked or expired")
    }

    /// The caller behind the configured `admin_key`.
    package static var bootstrapAdmin: Caller {
        Caller(key: KeyID.bootstrap, role: .admin, reach: .all)
    }
}

extension Slug {
    package static let bootstrap: KeyID = named("key_bootstrap")
    package static let operatorKey: KeyID = named("operator")
    package static let defaultFeature: FeatureSlug = named("default")

    static func named(_ text: String) -> Slug {
        guard let slug = Slug(text) else { preconditionFailure("\(text) is no slug") }
        return slug
    }
}

/// SHA-256 over the token's bytes.
package func digest(ofToken token: String) -> [UInt8] {
    sha256(Array(token.utf8))
}

/// SHA-256, 32 bytes.
package func sha256(_ bytes: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: bytes)) }
