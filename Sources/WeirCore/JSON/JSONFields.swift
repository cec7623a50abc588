/// An object's members, read by name and by type; whatever doesn't fit is a 400 that names it.
///
/// What counts as being there, and how a whole number may be written, is the reader's own:
/// providers take null for nothing and count in plain integers, Weir's own interface does neither.
package protocol JSONFields {
    /// Where the object stands, for `param`: empty, or `messages[3].content[0]`.
    var path: String { get }

    /// The value under a name; nil where it is missing.
    subscript(name: String) -> JSON? { get }

    /// The whole number that a value is; nil where it is none.
    func wholeNumber(_ value: JSON) -> Int64?
}

extension JSONFields {
    package func param(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

    package func error(_ name: String, _ reason: String) -> WeirError {
        WeirError(.invalidRequest, "\(param(name)) \(reason)", param: param(name))
    }

    package func text(_ name: String) throws(WeirError) -> String? {
        guard let value = self[name] else { return nil }
        guard let text = value.string else {
            throw error(name, "must be a string, not \(value.kind)")
        }
        return text
    }

    package func bool(_ name: String) throws(WeirError) -> Bool? {
        guard let value = self[name] else { return nil }
        guard let flag = value.bool else {
            throw error(name, "must be true or false, not \(value.kind)")
        }
        return flag
    }

    package func integer(
        _ name: String, in range: ClosedRange<Int64>
    ) throws(WeirError) -> Int64? {
        guard let value = self[name] else { return nil }
        guard let number = wholeNumber(value), range.contains(number) else {
            let most = range.upperBound == .max ? "" : " to \(range.upperBound)"
            throw error(name, "must be an integer from \(range.lowerBound)\(most)")
        }
        return number
    }

    package func decimal(
        _ name: String, in range: ClosedRange<Double>
    ) throws(WeirError) -> DecimalNumber? {
        guard let value = self[name] else { return nil }
        guard let number = DecimalNumber(value, in: range) else {
            throw error(name, "must be a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    package func array(_ name: String, limit: Int = 10_000) throws(WeirError) -> [JSON]? {
        guard let value = self[name] else { return nil }
        guard let list = value.array, list.count <= limit else {
            throw error(name, "must be an array of at most \(limit), not \(value.kind)")
        }
        return list
    }

    /// A value that has to be there.
    package func required<Value>(_ name: String, _ value: Value?) throws(WeirError) -> Value {
        guard let value else { throw error(name, "is missing") }
        return value
    }
}
