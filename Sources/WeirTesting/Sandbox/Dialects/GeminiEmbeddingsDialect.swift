/// Gemini's `embedContent` and `batchEmbedContents`.
enum GeminiEmbeddingsDialect: SandboxDialect {
    private static let voice = SandboxVoice(provider: .gemini)

    static func validate(
        _ body: SandboxJSON, _ route: SandboxRoute
    ) throws(SandboxFailure) {
        try EmbeddingRules.checkGemini(body, isBatch: route.endpoint == .batchEmbedContents)
    }

    static func call(_ body: SandboxJSON, _ route: SandboxRoute) -> SandboxCall {
        var call = SandboxCall(
            provider: .gemini, endpoint: route.endpoint, model: route.model ?? "")
        let items = body["requests"]?.array ?? [body]
        call.dimensions = items.first?.field("outputDimensionality", voice)?.integer ?? 3_072
        for item in items {
            let content = item["content"]
            let parts = content?["parts"]?.array ?? [content?["parts"] ?? .null]
            let texts = parts.map { $0["text"]?.string ?? "" }
            call.inputs.append(texts.joined())
            call.inputTokens += texts.reduce(0) { $0 + SandboxTokenizer.tokens($1) }
        }
        call.lastUserText = call.inputs.last.flatMap { $0 } ?? ""
        return call
    }

    static func reply(_ turn: SandboxTurn) -> SandboxReply {
        let call = turn.call
        let inputs = turn.isEmpty ? [] : call.inputs
        let vectors = inputs.map { text in
            let vector = SandboxVector(of: text ?? "", dimensions: call.dimensions ?? 3_072)
            return "{\"values\":\(vector.json)}"
        }
        let report = turn.report
        let usage = report.member(
            "usageMetadata", [("promptTokenCount", report.count(report.told.input))])
        let isBatch = call.endpoint == .batchEmbedContents
        let body =
            isBatch
            ? "{\"embeddings\":[\(vectors.joined(separator: ","))]\(usage)}"
            : "{\"embedding\":\(vectors.first ?? "null")\(usage)}"
        var reply = SandboxReply(body: body, reportsUsage: report.isReported)
        reply.contentType = "application/json; charset=UTF-8"
        return reply
    }
}
