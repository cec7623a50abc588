import WeirCore

/// Usage as it grows over a stream's events.
struct AnthropicStreamUsage {
    private(set) var reported = ReportedUsage.absent
    private var members = JSONObject()
    /// A usage that is no object, which stays a mistake whatever follows.
    private var oddity: JSON?
    private var hasDuplicates = false

    /// Takes over what `event` says, if anything.
    mutating func events(after event: JSONObject) -> [ChatEvent] {
        guard let json = event["usage"], !json.isNull else { return [] }
        hasDuplicates = hasDuplicates || event.hasDuplicates
        if let object = json.object {
            hasDuplicates = hasDuplicates || object.hasDuplicates
            for member in object.members where !member.value.isNull {
                members.set(member.name, member.value)
            }
        } else {
            oddity = oddity ?? json
        }
        let whole = JSONObject(
            [.init(name: "usage", value: oddity ?? .object(members))],
            hasDuplicates: hasDuplicates)
        reported = AnthropicDialect().usage(of: whole)
        return reported == .absent ? [] : [.usage(reported)]
    }
}
