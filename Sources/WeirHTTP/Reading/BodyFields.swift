import WeirCore
import WeirService

/// An object's members, read by name and by type; whatever doesn't fit is a 400 that names it.
struct BodyFields {
    private let object: JSONObject
    /// Where the object stands, for `param`: empty, or `messages[3]`.
    private let path: String

    init(_ json: JSON, path: String = "", allowing names: [String]) throws(WeirError) {
        guard let object = json.object else {
            throw WeirError(
                .invalidRequest,
                "\(path.isEmpty ? "The body" : path) must be an object, not \(json.kind)",
                param: path.isEmpty ? nil : path)
        }
        self.object = object
        self.path = path
        for member in object.members where !names.contains(member.name) {
            let shown = shownName(member.name)
            throw error(shown, "is not a known field")
        }
    }

    subscript(_ name: String) -> JSON? { object[name] }

    func param(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

    func error(_ name: String, _ reason: String) -> WeirError {
        WeirError(.invalidRequest, "\(param(name)) \(reason)", param: param(name))
    }

    func text(_ name: String) throws(WeirError) -> String? {
        guard let value = object[name] else { return nil }
        guard let text = value.string else {
            throw error(name, "must be a string, not \(value.kind)")
        }
        return text
    }

    func bool(_ name: String) throws(WeirError) -> Bool? {
        guard let value = object[name] else { return nil }
        guard let flag = value.bool else {
            throw error(name, "must be true or false, not \(value.kind)")
        }
        return flag
    }

    func integer(_ name: String, in range: ClosedRange<Int64>) throws(WeirError) -> Int64? {
        guard let value = object[name] else { return nil }
        guard let number = value.wholeNumber, range.contains(number) else {
            let most = range.upperBound == .max ? "" : " to \(range.upperBound)"
            throw error(name, "must be an integer from \(range.lowerBound)\(most)")
        }
        return number
    }

    func decimal(
        _ name: String, in range: ClosedRange<Double>
    ) throws(WeirError) -> DecimalNumber? {
        guard let value = object[name] else { return nil }
        guard let number = DecimalNumber(value, in: range) else {
            throw error(name, "must be a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    func slug(_ name: String, limit: Int) throws(WeirError) -> Slug? {
        guard let text = try text(name) else { return nil }
        guard let slug = Slug(text, limit: limit) else {
            throw error(
                name, "must have 1 to \(limit) letters, digits or any of - _ . : / @ +")
        }
        return slug
    }

    func array(_ name: String, limit: Int) throws(WeirError) -> [JSON]? {
        guard let value = object[name] else { return nil }
        guard let list = value.array, list.count <= limit else {
            throw error(name, "must be an array of at most \(limit), not \(value.kind)")
        }
        return list
    }

    /// An RFC 3339 time in UTC.
    func timestamp(_ name: String) throws(WeirError) -> Timestamp? {
        guard let text = try text(name) else { return nil }
        guard let moment = Timestamp(rfc3339: text) else {
            throw error(name, "must be an RFC 3339 time in UTC, such as 2027-01-31T00:00:00Z")
        }
        return moment
    }

    /// A value that has to be there.
    func required<Value>(_ name: String, _ value: Value?) throws(WeirError) -> Value {
        guard let value else { throw error(name, "is missing") }
        return value
    }
}
