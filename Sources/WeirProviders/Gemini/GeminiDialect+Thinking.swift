import WeirCore

extension GeminiDialect {
    /// The `thinkingConfig` for what the caller wants thought; nil leaves it out.
    ///
    /// Models from 3 on take a level, those of 2.5 a budget, older ones don't think. Words become
    /// what Google's own OpenAI endpoint makes of them.
    /// https://ai.google.dev/gemini-api/docs/openai, https://ai.google.dev/gemini-api/docs/thinking
    func thinkingConfig(
        _ reasoning: ReasoningEffort?, _ model: GeminiModel
    ) throws(WeirError) -> JSON? {
        guard let reasoning else { return nil }
        if reasoning == .word("none") || reasoning == .tokens(0) { return try thinkingOff(model) }
        guard model.thinks else { throw refusal("this model doesn't think") }
        switch reasoning {
        case .adaptive:
            return model.hasLevels
                ? ["includeThoughts": true] : ["thinkingBudget": -1, "includeThoughts": true]
        case .tokens(let budget):
            guard budget > 0 else { throw refusal("a budget can't be negative") }
            if model.hasLevels { return leveled(level(budget), model) }
            let most: Int64 = model.isPro ? 32_768 : 24_576
            return ["thinkingBudget": JSON(min(budget, most)), "includeThoughts": true]
        case .word(let word):
            guard let effort = efforts[word] else { throw refusal("it is no known word") }
            return model.hasLevels
                ? leveled(effort.level, model)
                : ["thinkingBudget": JSON(effort.budget), "includeThoughts": true]
        }
    }

    /// Flash models can be kept from thinking; from 3 on they still may think a little.
    private func thinkingOff(_ model: GeminiModel) throws(WeirError) -> JSON? {
        guard model.thinks else { return nil }
        guard !model.isPro else { throw refusal("this model always thinks") }
        return model.hasLevels ? ["thinkingLevel": "minimal"] : ["thinkingBudget": 0]
    }

    /// The nearest level that the model has.
    private func leveled(_ level: String, _ model: GeminiModel) -> JSON {
        var level = level
        if level == "minimal", model.isPro { level = "low" }
        if level == "medium", !model.hasMediumLevel { level = "high" }
        return ["thinkingLevel": .string(level), "includeThoughts": true]
    }

    private func level(_ budget: Int64) -> String {
        budget <= 2_048 ? "low" : budget <= 16_384 ? "medium" : "high"
    }

    private func refusal(_ reason: String) -> WeirError {
        WeirError(
            .invalidRequest, "The thinking effort can't be asked of Gemini: \(reason)",
            param: "reasoning")
    }
}

private let efforts: [String: (level: String, budget: Int64)] = [
    "minimal": ("minimal", 1_024), "low": ("low", 1_024), "medium": ("medium", 8_192),
    "high": ("high", 24_576), "xhigh": ("high", 24_576),
]
