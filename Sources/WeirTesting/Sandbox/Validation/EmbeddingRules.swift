/// What the embedding endpoints accept.
enum EmbeddingRules {
    static func checkOpenAI(
        _ body: SandboxJSON, _ provider: SandboxProvider
    ) throws(SandboxFailure) {
        let voice = SandboxVoice(provider: provider)
        try openAI.check(body, in: voice)
        let input = body["input"] ?? .null
        if let text = input.string, text.isEmpty {
            throw voice.value("input", "input cannot be an empty string")
        }
        guard let items = input.array else { return }
        guard items.count <= 2_048 else { throw voice.value("input", "at most 2048 items") }
        let isTokens = items.allSatisfy { $0.integer != nil }
        let isTexts = items.allSatisfy { $0.string.map { !$0.isEmpty } ?? false }
        let isLists = items.allSatisfy {
            $0.array.map { !$0.isEmpty && $0.allSatisfy { $0.integer != nil } } ?? false
        }
        guard isTokens || isTexts || isLists else {
            throw voice.value("input", "strings that aren't empty, or token ids")
        }
        if let format = body["encoding_format"]?.string, !["float", "base64"].contains(format) {
            throw voice.value("encoding_format", "one of float, base64")
        }
    }

    static func checkGemini(
        _ body: SandboxJSON, isBatch: Bool
    ) throws(SandboxFailure) {
        let voice = SandboxVoice(provider: .gemini)
        guard isBatch else { return try checkGeminiItem(body, "", voice) }
        try batch.check(body, in: voice)
        let requests = body["requests"]?.array ?? []
        guard requests.count <= 100 else {
            throw voice.value("requests", "at most 100 requests can be in one batch")
        }
        for (index, request) in requests.enumerated() {
            try checkGeminiItem(request, "requests[\(index)]", voice)
            guard request["model"]?.string != nil else {
                throw voice.missing("requests[\(index)].model")
            }
        }
    }

    private static func checkGeminiItem(
        _ item: SandboxJSON, _ path: String, _ voice: SandboxVoice
    ) throws(SandboxFailure) {
        try gemini.check(item, at: path, in: voice)
        if let content = item.field("content", voice) {
            try GeminiRules.checkContent(content, "content", needsParts: true)
        }
    }

    private static let openAI = SandboxFields(
        known: [
            "model": .text, "input": .either(.text, .array(nonEmpty: true)),
            "encoding_format": .text, "dimensions": .integer(1...4_096), "user": .text,
        ], required: ["model", "input"])

    private static let batch = SandboxFields(
        known: ["requests": .array(nonEmpty: true)], required: ["requests"])

    private static let gemini = SandboxFields(
        known: [
            "model": .text, "content": .object, "taskType": .text, "title": .text,
            "outputDimensionality": .integer(1...4_096), "embedContentConfig": .object,
        ], required: ["content"])
}
