import WeirCore

/// What `generationConfig` says beside the canonical fields.
struct GeminiLimits {
    var maxTokens: Int64?
    var choices: Int64 = 1
}

extension GeminiReading {
    mutating func configure(
        _ chat: inout ChatRequest, _ request: GeminiObject
    ) throws(WeirError) -> GeminiLimits {
        guard let settings = try request.message("generationConfig") else { return GeminiLimits() }
        for (name, reason) in foreignSettings { try settings.refuse(name, reason) }
        try refuseMedia(settings)
        leaveBehind(settings, otherThan: settingNames)
        try sample(&chat, settings)
        chat.stop = try settings.texts("stopSequences")
        chat.format = try format(settings)
        chat.reasoning = try reasoning(settings)
        var limits = GeminiLimits()
        limits.maxTokens = try settings.integer("maxOutputTokens", in: 1...Int64(Int32.max))
        limits.choices = try settings.integer("candidateCount", in: 1...128) ?? 1
        if limits.choices > 1 { uncarried.append(settings.param("candidateCount")) }
        return limits
    }

    private mutating func sample(
        _ chat: inout ChatRequest, _ settings: GeminiObject
    ) throws(WeirError) {
        chat.temperature = try settings.decimal("temperature", in: 0...2)
        chat.topP = try settings.decimal("topP", in: 0...1)
        // SDKs write 40 as 40.0, which no other wire takes for a count.
        chat.topK = try settings.decimal("topK", in: 0...1_000_000).flatMap(whole)
        chat.seed = try settings.decimal("seed", in: -2_147_483_648...2_147_483_647)
        chat.frequencyPenalty = try settings.decimal("frequencyPenalty", in: -2...2)
        chat.presencePenalty = try settings.decimal("presencePenalty", in: -2...2)
    }

    /// Texts are all that has a price here.
    private func refuseMedia(_ settings: GeminiObject) throws(WeirError) {
        let modalities = try settings.texts("responseModalities")
        guard modalities.allSatisfy({ ["TEXT", "MODALITY_UNSPECIFIED"].contains($0.uppercased()) })
        else {
            throw settings.error(
                "responseModalities", "is not supported here: only TEXT has a price")
        }
        for format in try settings.messages("responseFormat") {
            for name in ["audio", "image", "video"] {
                try format.refuse(name, "only text has a price")
            }
        }
    }

    private mutating func format(_ settings: GeminiObject) throws(WeirError) -> OutputFormat? {
        let schema = try schema(settings, "responseSchema", "responseJsonSchema")
        growth += schema?.escapeGrowth ?? 0
        switch try settings.text("responseMimeType") {
        case nil, "application/json":
            if let schema { return .schema(name: nil, schema: schema, isStrict: nil) }
            return settings["responseMimeType"] == nil ? nil : .json
        case "text/plain": return nil
        default:
            uncarried.append(settings.param("responseMimeType"))
            return nil
        }
    }

    private mutating func reasoning(
        _ settings: GeminiObject
    ) throws(WeirError) -> ReasoningEffort? {
        guard let thinking = try settings.message("thinkingConfig") else { return nil }
        leaveBehind(
            thinking, otherThan: ["thinkingBudget", "thinkingLevel", "includeThoughts"])
        let shows = try thinking.bool("includeThoughts") ?? false
        let budget = try thinking.integer("thinkingBudget", in: -1...Int64(Int32.max))
        let level = try thinking.text("thinkingLevel").map { $0.lowercased() }
        switch (budget, level) {
        case (nil, nil), (nil, "thinking_level_unspecified"):
            // Only a model that thinks has thoughts to show.
            return shows ? .adaptive : nil
        case (nil, let level?): return .word(level)
        case (-1, nil): return .adaptive
        case (0, nil): return .word("none")
        case (let budget?, nil): return .tokens(budget)
        case (_?, _?):
            throw thinking.error("thinkingLevel", "can't stand beside thinkingBudget")
        }
    }

    private func whole(_ number: DecimalNumber) -> DecimalNumber? {
        let parts = number.text.utf8.split(separator: UInt8(ascii: "."))
        guard parts.count == 2, parts[1].allSatisfy({ $0 == UInt8(ascii: "0") }) else {
            return number
        }
        let text = String(decoding: Array(parts[0]), as: UTF8.self)
        return DecimalNumber(.number(text), in: 0...1_000_000)
    }
}

private let settingNames: Set<String> = [
    "maxOutputTokens", "candidateCount", "temperature", "topP", "topK", "seed",
    "frequencyPenalty", "presencePenalty", "stopSequences", "responseMimeType", "responseSchema",
    "responseJsonSchema", "thinkingConfig", "responseModalities",
]

private let foreignSettings = [
    ("speechConfig", "audio has no price here"),
    ("audioTranscriptionConfig", "audio has no price here"),
    ("translationConfig", "audio has no price here"),
    ("imageConfig", "images have no price here"),
    ("videoConfig", "videos have no price here"),
    ("routingConfig", "the model is the one that was asked for"),
    ("modelSelectionConfig", "the model is the one that was asked for"),
]
