/// A caller's credential, without its secret: only the digest is kept.
package struct ServiceKey: Sendable, Equatable {
    package var id: KeyID
    package var name: String
    package var role: Role
    package var reach: Reach
    /// SHA-256 of the whole token, 32 bytes.
    package var digest: [UInt8]
    package var createdAt: Timestamp
    /// From here on it is refused: revoked, or a rotated key's overlap is over.
    package var endsAt: Timestamp?

    package enum Role: String, Sendable, CaseIterable { case service, tenant, admin }

    /// The tenants that a key may act for.
    package enum Reach: Sendable, Equatable {
        case all
        case tenants([TenantID])

        package func includes(_ tenant: TenantID) -> Bool {
            switch self {
            case .all: true
            case .tenants(let list): list.contains(tenant)
            }
        }
    }

    package init(
        id: KeyID, name: String, role: Role, reach: Reach, digest: [UInt8], createdAt: Timestamp,
        endsAt: Timestamp? = nil
    ) {
        self.id = id
        self.name = name
        self.role = role
        self.reach = reach
        self.digest = digest
        self.createdAt = createdAt
        self.endsAt = endsAt
    }

    package func isValid(at now: Timestamp) -> Bool { endsAt.map { now < $0 } ?? true }
}
