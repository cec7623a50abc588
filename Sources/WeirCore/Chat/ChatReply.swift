/// A provider's whole answer, in no provider's words.
package struct ChatReply: Sendable, Equatable {
    package var text: String
    package var thinking: [Thinking]
    package var toolCalls: [ToolCall]
    package var finish: FinishReason
    /// The stop sequence that ended the answer, where the provider tells.
    package var stopSequence: String?
    package var usage: ReportedUsage
    /// The model that answered, as the provider names it.
    package var model: String?

    package init(
        text: String, thinking: [Thinking] = [], toolCalls: [ToolCall] = [],
        finish: FinishReason, stopSequence: String? = nil, usage: ReportedUsage,
        model: String? = nil
    ) {
        self.text = text
        self.thinking = thinking
        self.toolCalls = toolCalls
        self.finish = finish
        self.stopSequence = stopSequence
        self.usage = usage
        self.model = model
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
