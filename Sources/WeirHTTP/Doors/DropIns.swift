import HTTPTypes
import WeirCore
import WeirService

extension Routes {
    /// Any of the chat wires.
    ///
    /// - Parameter isStream: where the path says it (Gemini); else the body does.
    func chat(
        _ call: Call, _ wire: Wire, isStream: Bool? = nil
    ) async throws(WeirError) -> Answer {
        let dialect = try use.doors.chat(wire)
        var client = try dialect.decode(
            try object(call), model: try model(call, wire), isStream: isStream)
        client.chat.maxTokens = client.maxTokens ?? settings.dropInMaxTokens
        if isStream == true, call.query["alt"] != "sse" { client.stream?.isArray = true }
        return answer(try await ai().complete(self.call(call, dialect, .chat(client))), to: wire)
    }

    func countTokens(_ call: Call, _ wire: Wire) async throws(WeirError) -> Answer {
        let dialect = try use.doors.tokenCount(wire)
        let client = try dialect.decodeCount(try object(call), model: try model(call, wire))
        return answer(
            try await ai().complete(
                self.call(call, use.doors.answering(wire), .tokenCount(client, dialect))),
            to: wire)
    }

    /// - Parameter errors: the wire in whose form this client reads errors.
    func embed(
        _ call: Call, _ wire: EmbeddingWire, _ errors: Wire
    ) async throws(WeirError) -> Answer {
        let dialect = try use.doors.embedding(wire)
        let client = try dialect.decode(try object(call), model: try model(call, errors))
        return answer(
            try await ai().complete(
                self.call(call, use.doors.answering(errors), .embeddings(client, dialect))),
            to: errors)
    }

    private func call(
        _ call: Call, _ dialect: any ClientReplyDialect, _ work: CompletionCall.Work
    ) throws(WeirError) -> CompletionCall {
        let identity = try CallerHeaders(call)
        return CompletionCall(
            caller: call.caller, request: call.request, tenant: identity.tenant,
            user: identity.user, feature: identity.feature, dialect: dialect, work: work,
            headers: try betas(call, dialect.wire),
            idempotency: try idempotencyKey(call, identity.tenant), meter: call.meter)
    }

    /// The body, which must be an object.
    private func object(_ call: Call) throws(WeirError) -> JSONObject {
        guard let object = call.body.object else {
            throw WeirError(.invalidRequest, "The body must be an object, not \(call.body.kind)")
        }
        return object
    }

    /// The model in the path, where the wire has it there.
    private func model(_ call: Call, _ wire: Wire) throws(WeirError) -> ModelName? {
        guard wire == .generateContent else { return nil }
        guard let model = ModelName(call.parameter) else {
            throw WeirError(
                .invalidRequest,
                "The model must have 1 to 128 letters, digits or any of - _ . : / @ +",
                param: "model")
        }
        return model
    }

    /// Anthropic's beta features go along where the body is passed through: without their header
    /// the provider refuses their fields. Only those that change nothing about what is billed, and
    /// for whom; the fields of the others are refused anyway.
    private func betas(_ call: Call, _ wire: Wire) throws(WeirError) -> [HeaderField] {
        let values = call.head.headers[values: .anthropicBeta]
        guard wire == .messages, !values.isEmpty else { return [] }
        let text = values.joined(separator: ",")
        guard text.utf8.count <= 1_024, text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw WeirError(
                .invalidRequest, "anthropic-beta must be at most 1,024 visible ASCII characters",
                param: "anthropic-beta")
        }
        let passed = text.split(separator: ",").map { $0.filter { $0 != " " } }.filter { name in
            Routes.passedBetas.contains { name.utf8.starts(with: $0.utf8) }
        }
        return passed.isEmpty
            ? [] : [HeaderField("anthropic-beta", passed.joined(separator: ","))]
    }

    /// How the names of these features begin; a date follows.
    private static let passedBetas = [
        "interleaved-thinking-", "context-management-", "structured-outputs-", "task-budgets-",
        "extended-cache-ttl-", "prompt-caching-", "computer-use-", "token-efficient-tools-",
        "fine-grained-tool-streaming-", "output-128k-", "context-1m-", "effort-", "pdfs-",
        "token-counting-", "mid-conversation-",
    ]
}
