import WeirCore

/// What a `response` repeats of its request: OpenAI's own says every setting again, and what is in
/// force where none was asked for.
///
/// A translated request is a read one, so the settings that matter have their types; what is only a
/// hint is repeated where it is of the type that the reference says.
struct ResponsesEcho: Sendable {
    private let asked: JSONObject

    init(_ asked: JSONObject) { self.asked = asked }

    /// A setting as it was asked for, else what is in force without.
    func setting(_ name: String, else standard: JSON = .null) -> JSON {
        guard let value = asked[name], !value.isNull else { return standard }
        return value
    }

    /// A hint that has to be a text.
    func text(_ name: String) -> JSON { asked[name]?.string.map(JSON.string) ?? .null }

    var maxToolCalls: JSON { asked["max_tool_calls"]?.integer.map { JSON($0) } ?? .null }

    /// Pairs of texts, as the reference has it; anything else is left out.
    var metadata: JSON {
        let pairs = asked["metadata"]?.object?.members ?? []
        return .object(JSONObject(pairs.filter { $0.value.string != nil }))
    }

    /// Both of its members are always there.
    var reasoning: JSON { setting("reasoning", else: [:]).completed(["effort", "summary"]) }

    var format: JSON {
        let text = setting("text", else: [:])
        guard text["format"]?.object == nil, var members = text.object else { return text }
        members.set("format", ["type": "text"])
        return .object(members)
    }

    /// A function says all that it could, as the newest SDK's types want it.
    var tools: JSON {
        let tools = asked["tools"]?.array ?? []
        return .array(tools.map { $0.completed(["description", "parameters", "strict"]) })
    }
}

extension JSON {
    /// An object with null for those of these members that it lacks.
    fileprivate func completed(_ names: [String]) -> JSON {
        guard var members = object else { return self }
        for name in names where members[name] == nil { members.append(name, .null) }
        return .object(members)
    }
}
