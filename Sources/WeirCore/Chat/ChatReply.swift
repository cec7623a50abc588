/// A provider's whole answer, in no provider's words.
package struct ChatReply: Sendable, Equatable {
    package var text: String
    package var toolCalls: [ToolCall]
    package var finish: FinishReason
    package var usage: ReportedUsage
    /// The model that answered, as the provider names it.
    package var model: String?

    package init(
        text: String, toolCalls: [ToolCall] = [], finish: FinishReason, usage: ReportedUsage,
        model: String? = nil
    ) {
        self.text = text
        self.toolCalls = toolCalls
        self.finish = finish
        self.usage = usage
        self.model = model
    }
}

/// A function call that the model asks for.
package struct ToolCall: Sendable, Equatable {
    /// The provider's id; nil where it gives none (Gemini).
    package var id: String?
    package var name: String
    package var arguments: JSON

    package init(id: String?, name: String, arguments: JSON) {
        self.id = id
        self.name = name
        self.arguments = arguments
    }
}

/// Why the model stopped.
package enum FinishReason: String, Sendable, CaseIterable {
    case stop
    case length
    case toolCalls = "tool_calls"
    case contentFilter = "content_filter"
    /// The provider paused a long turn and expects to be asked to go on.
    case pause
    case other
}

/// What a provider said that a call used.
package enum ReportedUsage: Sendable, Equatable {
    case reported(TokenUsage)
    case absent
    /// Present but impossible: negative, no integer, cached above input, written twice.
    case suspect(String)
}
