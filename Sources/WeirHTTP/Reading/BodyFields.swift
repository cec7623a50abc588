import WeirCore
import WeirService

/// An object of a body in Weir's own form, which has no members but those that are allowed. Null is
/// a value like others.
struct BodyFields: JSONFields {
    private let object: JSONObject
    let path: String

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

    func wholeNumber(_ value: JSON) -> Int64? { value.wholeNumber }

    func slug(_ name: String, limit: Int) throws(WeirError) -> Slug? {
        guard let text = try text(name) else { return nil }
        guard let slug = Slug(text, limit: limit) else {
            throw error(
                name, "must have 1 to \(limit) letters, digits or any of - _ . : / @ +")
        }
        return slug
    }

    /// An RFC 3339 time in UTC.
    func timestamp(_ name: String) throws(WeirError) -> Timestamp? {
        guard let text = try text(name) else { return nil }
        guard let moment = Timestamp(rfc3339: text) else {
            throw error(name, "must be an RFC 3339 time in UTC, such as 2027-01-31T00:00:00Z")
        }
        return moment
    }
}
