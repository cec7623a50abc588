import WeirCore

/// What a function answered, as text on one side and as Gemini's object on the other.
enum ToolAnswer {
    /// The text that a lone `result`, `output` or `error` holds; else the object's own text.
    static func text(_ answer: JSON) -> String {
        guard let members = answer.object?.members, members.count == 1 else { return answer.text }
        guard ["result", "output", "error"].contains(members[0].name),
            let text = members[0].value.string
        else { return answer.text }
        return text
    }

    /// Google's SDKs tell a failure so.
    static func isError(_ answer: JSON) -> Bool {
        guard let members = answer.object?.members else { return false }
        return members.count == 1 && members[0].name == "error"
    }

    static func object(_ text: String, isError: Bool) -> JSON {
        isError ? ["error": .string(text)] : ["result": .string(text)]
    }
}
