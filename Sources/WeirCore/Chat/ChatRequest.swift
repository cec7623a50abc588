/// A conversation turn that is to be completed, in no provider's words.
package struct ChatRequest: Sendable, Equatable {
    /// The model's name at the provider.
    package var model: ModelName
    package var system: String?
    package var messages: [ChatMessage]
    /// The output cap; always sent upstream, since money is held for it.
    package var maxTokens: Int64
    package var temperature: DecimalNumber?
    package var topP: DecimalNumber?
    package var topK: DecimalNumber?
    package var stop: [String]
    package var tools: [ChatTool]
    package var toolChoice: ToolChoice?
    /// Whether the model may ask for several tools in one turn; nil leaves it to the provider.
    package var parallelToolCalls: Bool?
    package var format: OutputFormat?
    package var reasoning: ReasoningEffort?
    package var frequencyPenalty: DecimalNumber?
    package var presencePenalty: DecimalNumber?
    package var seed: DecimalNumber?

    package init(
        model: ModelName, system: String? = nil, messages: [ChatMessage], maxTokens: Int64,
        temperature: DecimalNumber? = nil, topP: DecimalNumber? = nil, stop: [String] = [],
        tools: [ChatTool] = [], toolChoice: ToolChoice? = nil, format: OutputFormat? = nil,
        reasoning: ReasoningEffort? = nil
    ) {
        self.model = model
        self.system = system
        self.messages = messages
        self.maxTokens = maxTokens
        self.temperature = temperature
        self.topP = topP
        self.stop = stop
        self.tools = tools
        self.toolChoice = toolChoice
        self.format = format
        self.reasoning = reasoning
    }
}

/// A function that the model may ask for.
package struct ChatTool: Sendable, Equatable {
    package var name: String
    package var description: String?
    /// A JSON schema of the arguments, as the caller wrote it; nil takes none.
    package var parameters: JSON?
    /// Whether the provider is to hold the model to the schema; nil leaves it to the provider.
    package var isStrict: Bool?

    package init(
        name: String, description: String? = nil, parameters: JSON? = nil, isStrict: Bool? = nil
    ) {
        self.name = name
        self.description = description
        self.parameters = parameters
        self.isStrict = isStrict
    }
}

/// Which tool the model is to use.
package enum ToolChoice: Sendable, Equatable {
    case automatic
    /// Not any.
    case none
    /// At least one, whichever.
    case required
    case named(String)
}

/// The form in which the answer is to come.
package enum OutputFormat: Sendable, Equatable {
    /// Any JSON object.
    case json
    case schema(name: String?, schema: JSON, isStrict: Bool?)
}

/// How much the model is to think before it answers.
package enum ReasoningEffort: Sendable, Equatable {
    /// The field's words: `none`, `minimal`, `low`, `medium`, `high`, `xhigh`.
    case word(String)
    /// At most so many tokens, which count inside the output cap.
    case tokens(Int64)
    /// As much as the model sees fit.
    case adaptive
}

/// A number as its writer wrote it, range-checked; sent upstream digit by digit.
package struct DecimalNumber: Sendable, Equatable {
    package let text: String

    /// Nil where `json` is no number, not finite or outside `range`.
    package init?(_ json: JSON, in range: ClosedRange<Double>) {
        guard case .number(let text) = json, let value = Double(text), range.contains(value) else {
            return nil
        }
        self.text = text
    }
}
