import WeirCore

/// A part of a client's request, read by name and by type; whatever doesn't fit is a 400 that
/// names it. Unknown members are no mistake here: the provider knows its own fields best.
struct ClientObject {
    let members: JSONObject
    /// Where the object stands, for `param`: empty, or `messages[3].content[0]`.
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

    func param(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

    func error(_ name: String, _ reason: String) -> WeirError {
        WeirError(.invalidRequest, "\(param(name)) \(reason)", param: param(name))
    }

    /// Refuses what would be billed without a price here, or would leave the tenant.
    func refuse(_ name: String, _ reason: String) throws(WeirError) {
        guard self[name] != nil else { return }
        throw error(name, "is not supported here: \(reason)")
    }

    func text(_ name: String) throws(WeirError) -> String? {
        guard let value = self[name] else { return nil }
        guard let text = value.string else {
            throw error(name, "must be a string, not \(value.kind)")
        }
        return text
    }

    func bool(_ name: String) throws(WeirError) -> Bool? {
        guard let value = self[name] else { return nil }
        guard let flag = value.bool else {
            throw error(name, "must be true or false, not \(value.kind)")
        }
        return flag
    }

    func integer(_ name: String, in range: ClosedRange<Int64>) throws(WeirError) -> Int64? {
        guard let value = self[name] else { return nil }
        guard let number = value.integer, range.contains(number) else {
            let most = range.upperBound == .max ? "" : " to \(range.upperBound)"
            throw error(name, "must be an integer from \(range.lowerBound)\(most)")
        }
        return number
    }

    func decimal(
        _ name: String, in range: ClosedRange<Double>
    ) throws(WeirError) -> DecimalNumber? {
        guard let value = self[name] else { return nil }
        guard let number = DecimalNumber(value, in: range) else {
            throw error(name, "must be a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    func array(_ name: String, limit: Int = 10_000) throws(WeirError) -> [JSON]? {
        guard let value = self[name] else { return nil }
        guard let list = value.array, list.count <= limit else {
            throw error(name, "must be an array of at most \(limit), not \(value.kind)")
        }
        return list
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

    /// A value that has to be there.
    func required<Value>(_ name: String, _ value: Value?) throws(WeirError) -> Value {
        guard let value else { throw error(name, "is missing") }
        return value
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
