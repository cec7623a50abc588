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
    package var stop: [String]

    package init(
        model: ModelName, system: String? = nil, messages: [ChatMessage], maxTokens: Int64,
        temperature: DecimalNumber? = nil, topP: DecimalNumber? = nil, stop: [String] = []
    ) {
        self.model = model
        self.system = system
        self.messages = messages
        self.maxTokens = maxTokens
        self.temperature = temperature
        self.topP = topP
        self.stop = stop
    }
}

/// One message of a conversation.
package struct ChatMessage: Sendable, Equatable {
    package enum Role: String, Sendable { case user, assistant }

    package var role: Role
    package var text: String

    package init(role: Role, text: String) {
        self.role = role
        self.text = text
    }
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
