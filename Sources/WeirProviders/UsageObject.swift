import WeirCore

/// A usage object out of a reply, read as the statement of a stranger that money depends on.
///
/// A whole (all input, all output) must be there. A part may be missing or null, which counts as 0:
/// vendors document their parts as nullable, and a part that is missing never lowers the charge
/// below the full price of its whole. Numbers are plain integers from 0 to 2⁴⁰; sums of a few such
/// can't overflow.
struct UsageObject {
    private let members: JSONObject

    init(_ json: JSON, _ name: String) throws(SuspectUsage) {
        guard let members = json.object else { throw SuspectUsage("\(name) is \(json.kind)") }
        guard !members.hasDuplicates else { throw SuspectUsage("\(name) has a name twice") }
        self.members = members
    }

    var isEmpty: Bool { members.members.isEmpty }

    func whole(_ name: String) throws(SuspectUsage) -> Int64 {
        guard let json = members[name] else { throw SuspectUsage("\(name) is missing") }
        return try count(json, name)
    }

    func part(_ name: String) throws(SuspectUsage) -> Int64 { try optional(name) ?? 0 }

    func optional(_ name: String) throws(SuspectUsage) -> Int64? {
        guard let json = members[name], !json.isNull else { return nil }
        return try count(json, name)
    }

    /// The object of details under `name`; nil where it is missing or null.
    func section(_ name: String) throws(SuspectUsage) -> UsageObject? {
        guard let json = members[name], !json.isNull else { return nil }
        return try UsageObject(json, name)
    }

    /// The objects of a list under `name`; empty where it is missing or null.
    func sections(_ name: String) throws(SuspectUsage) -> [UsageObject] {
        guard let json = members[name], !json.isNull else { return [] }
        guard let list = json.array else { throw SuspectUsage("\(name) is \(json.kind)") }
        var sections: [UsageObject] = []
        for element in list { sections.append(try UsageObject(element, name)) }
        return sections
    }

    func word(_ name: String) -> String? { members[name]?.string }

    private func count(_ json: JSON, _ name: String) throws(SuspectUsage) -> Int64 {
        guard let count = json.integer else { throw SuspectUsage("\(name) is no plain integer") }
        guard (0...TokenUsage.largestCount).contains(count) else {
            throw SuspectUsage("\(name) is out of range")
        }
        return count
    }
}

/// Why a usage object can't be true.
struct SuspectUsage: Error {
    let reason: String

    init(_ reason: String) { self.reason = reason }
}

/// Reads the usage object under `name`. Absent where it is missing, null or says nothing at all.
func reportedUsage(
    in reply: JSONObject, named name: String,
    _ read: (UsageObject) throws(SuspectUsage) -> TokenUsage?
) -> ReportedUsage {
    guard let json = reply[name], !json.isNull else { return .absent }
    do throws(SuspectUsage) {
        guard !reply.hasDuplicates else { throw SuspectUsage("the reply has a name twice") }
        let object = try UsageObject(json, name)
        guard !object.isEmpty else { return .absent }
        guard let usage = try read(object) else {
            throw SuspectUsage("a part of \(name) exceeds its whole")
        }
        return .reported(usage)
    } catch {
        return .suspect(error.reason)
    }
}

/// A provider's word for its service tier. Unknown words stand for the standard tier: their own
/// price levels, where they have any, aren't ours to guess.
func serviceTier(_ word: String?, among known: Set<ServiceTier>) -> ServiceTier? {
    guard let word, let tier = ServiceTier(rawValue: word), known.contains(tier) else { return nil }
    return tier
}
