import WeirCore
import WeirService

extension Routes {
    /// `GET /admin/keys`
    func listKeys(_ call: Call) async throws(WeirError) -> Answer {
        let keys = try use.administration.keys.list(by: call.caller)
        return Answer(["keys": .array(keys.map { .object($0.json) })])
    }

    /// `POST /admin/keys`: the only answer that ever holds the key itself.
    func createKey(_ call: Call) async throws(WeirError) -> Answer {
        let specification = try KeySpecification(call.body)
        let issued = try await use.administration.keys.create(specification, by: call.caller)
        return Answer(status: 201, .object(json(issued)))
    }

    /// `DELETE /admin/keys/{id}`
    func revokeKey(_ call: Call) async throws(WeirError) -> Answer {
        try await use.administration.keys.revoke(try keyID(call), by: call.caller)
        return .done
    }

    /// `POST /admin/keys/{id}/rotate`
    func rotateKey(_ call: Call) async throws(WeirError) -> Answer {
        var overlap: Int64 = 3_600
        if !call.body.isNull {
            let fields = try BodyFields(call.body, allowing: ["overlap_seconds"])
            overlap =
                try fields.integer(
                    "overlap_seconds", in: 0...KeyAdministration.longestOverlap) ?? overlap
        }
        let rotated = try await use.administration.keys.rotate(
            try keyID(call), overlap: overlap, by: call.caller)
        var object = json(rotated.issued)
        object.append("replaces", .object(rotated.replaced.json))
        return Answer(status: 201, .object(object))
    }

    private func keyID(_ call: Call) throws(WeirError) -> KeyID {
        guard let id = KeyID(call.parameter) else {
            throw WeirError(.notFound, "There is no such key")
        }
        return id
    }

    private func json(_ issued: IssuedKey) -> JSONObject {
        var object = issued.key.json
        object.append("key", .string(issued.token))
        return object
    }
}

extension KeySpecification {
    /// Reads the body of a new key.
    init(_ body: JSON) throws(WeirError) {
        let fields = try BodyFields(body, allowing: ["name", "role", "tenants", "expires_at"])
        let role = try fields.required("role", try fields.choice("role", ServiceKey.Role.self))
        var reach: ServiceKey.Reach?
        if let value = fields["tenants"] { reach = try KeySpecification.reach(value, fields) }
        if reach == nil, role == .admin { reach = .all }
        self.init(
            name: try fields.required("name", try fields.text("name")), role: role,
            reach: try fields.required("tenants", reach),
            endsAt: try fields.timestamp("expires_at"))
    }

    /// `"*"`, or a list of ids.
    private static func reach(
        _ value: JSON, _ fields: BodyFields
    ) throws(WeirError) -> ServiceKey.Reach {
        if value == "*" { return .all }
        guard let list = value.array, list.count <= KeyAdministration.reachLimit else {
            throw fields.error("tenants", "must be a list of ids, or \"*\"")
        }
        var tenants: [TenantID] = []
        for item in list {
            guard let id = item.wholeNumber.flatMap(TenantID.init) else {
                throw fields.error("tenants", "must hold positive integers")
            }
            tenants.append(id)
        }
        return .tenants(tenants)
    }
}

extension ServiceKey {
    /// Never the digest.
    fileprivate var json: JSONObject {
        var object = JSONObject()
        object.append("key_id", .string(id.description))
        object.append("name", .string(name))
        object.append("role", .string(role.rawValue))
        switch reach {
        case .all: object.append("tenants", "*")
        case .tenants(let list):
            object.append("tenants", .array(list.map { JSON($0.number) }))
        }
        object.append("created_at", .string(createdAt.rfc3339))
        object.append("expires_at", endsAt.map { .string($0.rfc3339) } ?? .null)
        return object
    }
}
