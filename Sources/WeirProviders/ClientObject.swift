import WeirCore

/// A part of a client's request. Unknown members are no mistake here: the provider knows its own
/// fields best.
struct ClientObject: JSONFields {
    let members: JSONObject
    let path: String

    init(_ members: JSONObject, path: String = "") {
        self.members = members
        self.path = path
    }

    init(_ json: JSON, path: String) throws(WeirError) {
        guard let members = json.object else {
            throw WeirError(
                .invalidRequest, "\(path) must be an object, not \(json.kind)", param: path)
        }
        self.init(members, path: path)
    }

    /// The value under a name; null counts as missing, as it does at the providers.
    subscript(_ name: String) -> JSON? {
        guard let value = members[name], !value.isNull else { return nil }
        return value
    }

    func wholeNumber(_ value: JSON) -> Int64? { value.integer }

    /// Refuses what would be billed without a price here, or would leave the tenant.
    func refuse(_ name: String, _ reason: String) throws(WeirError) {
        guard self[name] != nil else { return }
        throw error(name, "is not supported here: \(reason)")
    }

    func object(_ name: String) throws(WeirError) -> ClientObject? {
        guard let value = self[name] else { return nil }
        return try ClientObject(value, path: param(name))
    }

    func objects(_ name: String, limit: Int = 10_000) throws(WeirError) -> [ClientObject]? {
        guard let list = try array(name, limit: limit) else { return nil }
        var objects: [ClientObject] = []
        for (index, item) in list.enumerated() {
            objects.append(try ClientObject(item, path: "\(param(name))[\(index)]"))
        }
        return objects
    }

    /// The members that aren't among `names`, as they may be shown: paths of at most 128 bytes.
    func others(than names: Set<String>) -> [String] {
        members.members.filter { !names.contains($0.name) && !$0.value.isNull }
            .map { param(String($0.name.unicodeScalars.prefix(64).map(Character.init))) }
    }

    /// A model's name.
    func model(_ name: String = "model") throws(WeirError) -> ModelName {
        let text = try required(name, try text(name))
        guard let model = ModelName(text) else {
            throw error(name, "must have 1 to 128 letters, digits or any of - _ . : / @ +")
        }
        return model
    }
}
