package import WeirCore

/// What a new key shall be.
package struct KeySpecification: Sendable, Equatable {
    package var name: String
    package var role: ServiceKey.Role
    package var reach: ServiceKey.Reach
    package var endsAt: Timestamp?

    package init(
        name: String, role: ServiceKey.Role, reach: ServiceKey.Reach, endsAt: Timestamp? = nil
    ) {
        self.name = name
        self.role = role
        self.reach = reach
        self.endsAt = endsAt
    }
}

/// A key that was just made, with its token: the only time that anybody sees it.
package struct IssuedKey: Sendable, Equatable {
    package let key: ServiceKey
    package let token: String
}

/// Issues, shows, revokes and rotates service keys.
package final class KeyAdministration: Sendable {
    private let directory: Directory
    private let time: any TimeSource
    private let random: RandomBytes
    private let identifiers: TimeOrderedText
    /// Looking at a key and changing it is one step.
    private let changes = SerialGate()

    package static let reachLimit = 1_000
    /// Thirty days: the longest time for which a rotated key stays valid.
    package static let longestOverlap: Int64 = 2_592_000

    package init(
        directory: Directory, time: any TimeSource,
        random: @escaping RandomBytes = systemRandomBytes
    ) {
        self.directory = directory
        self.time = time
        self.random = random
        identifiers = TimeOrderedText(time: time, random: random)
    }

    /// Every key, also ended ones, oldest first; a key's secret is kept nowhere.
    package func list(by caller: Caller) throws(WeirError) -> [ServiceKey] {
        try caller.requireAdmin()
        return directory.snapshot.keys.values.sorted {
            ($0.createdAt, $0.id.description) < ($1.createdAt, $1.id.description)
        }
    }

    package func create(
        _ specification: KeySpecification, by caller: Caller
    ) async throws(WeirError) -> IssuedKey {
        try caller.requireAdmin()
        try validate(specification)
        let issued = issue(specification)
        try await directory.apply(
            .putKeys([issued.key]), audit: entry("key.create", issued.key, by: caller))
        return issued
    }

    /// Ends a key now. Ending an ended key changes nothing.
    package func revoke(_ id: KeyID, by caller: Caller) async throws(WeirError) {
        try caller.requireAdmin()
        await changes.enter()
        defer { changes.leave() }
        var key = try find(id)
        let now = time.now()
        guard key.isValid(at: now) else { return }
        key.endsAt = now
        try await directory.apply(.putKeys([key]), audit: entry("key.revoke", key, by: caller))
    }

    /// Issues a successor with the same name, role and reach; the old key ends after the overlap.
    package func rotate(
        _ id: KeyID, overlap seconds: Int64, by caller: Caller
    ) async throws(WeirError) -> (issued: IssuedKey, replaced: ServiceKey) {
        try caller.requireAdmin()
        guard (0...KeyAdministration.longestOverlap).contains(seconds) else {
            throw WeirError(
                .invalidRequest,
                "overlap_seconds must be 0 to \(KeyAdministration.longestOverlap)",
                param: "overlap_seconds")
        }
        await changes.enter()
        defer { changes.leave() }
        var old = try find(id)
        let now = time.now()
        guard old.isValid(at: now) else {
            throw WeirError(.conflict, "Key \(id) has ended and can't be rotated")
        }
        // The successor keeps an end that was set at creation; the overlap never lengthens a life.
        let issued = issue(
            KeySpecification(name: old.name, role: old.role, reach: old.reach, endsAt: old.endsAt))
        let end = now.advanced(seconds: seconds)
        old.endsAt = min(old.endsAt ?? end, end)
        let audit = entry("key.rotate", old, by: caller, successor: issued.key.id)
        try await directory.apply(.putKeys([old, issued.key]), audit: audit)
        return (issued, old)
    }

    private func issue(_ specification: KeySpecification) -> IssuedKey {
        let token = "wk_" + base64URL(random(32))
        let key = ServiceKey(
            id: identifiers.keyID(), name: specification.name, role: specification.role,
            reach: specification.reach, digest: digest(ofToken: token), createdAt: time.now(),
            endsAt: specification.endsAt)
        return IssuedKey(key: key, token: token)
    }

    private func find(_ id: KeyID) throws(WeirError) -> ServiceKey {
        guard let key = directory.snapshot.keys.values.first(where: { $0.id == id }) else {
            throw WeirError(.notFound, "There is no key \(id)")
        }
        return key
    }

    private func validate(_ specification: KeySpecification) throws(WeirError) {
        try requireName(specification.name, param: "name")
        if let end = specification.endsAt, end <= time.now() {
            throw WeirError(.invalidRequest, "expires_at has passed", param: "expires_at")
        }
        switch (specification.role, specification.reach) {
        case (.admin, .all), (.service, .all): return
        case (.service, .tenants(let list)):
            guard (1...KeyAdministration.reachLimit).contains(list.count),
                Set(list).count == list.count
            else {
                throw WeirError(
                    .invalidRequest,
                    "tenants must name 1 to \(KeyAdministration.reachLimit) tenants, each once",
                    param: "tenants")
            }
        case (.tenant, .tenants(let list)) where list.count == 1: return
        case (.tenant, _):
            throw WeirError(
                .invalidRequest, "A tenant key reaches exactly one tenant", param: "tenants")
        case (.admin, .tenants):
            throw WeirError(.invalidRequest, "An admin key reaches every tenant", param: "tenants")
        }
    }

    private func entry(
        _ action: String, _ key: ServiceKey, by caller: Caller, successor: KeyID? = nil
    ) -> AuditEntry {
        var details = JSONObject()
        details.append("name", .string(key.name))
        details.append("role", .string(key.role.rawValue))
        switch key.reach {
        case .all: details.append("tenants", "*")
        case .tenants(let list):
            details.append("tenants", .array(list.prefix(20).map { JSON($0.number) }))
        }
        if let end = key.endsAt { details.append("ends_at", .string(end.rfc3339)) }
        if let successor { details.append("successor", .string(successor.description)) }
        var tenant: TenantID?
        if case .tenants(let list) = key.reach, list.count == 1 { tenant = list[0] }
        return AuditEntry(
            at: time.now(), actor: caller.key.description, action: action, tenant: tenant,
            subject: key.id.description, details: .object(details))
    }
}
