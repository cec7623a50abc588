import HTTPTypes
import WeirCore
import WeirService

extension Routes {
    /// The endpoints of the providers' own SDKs.
    var dropIns: [Endpoint] {
        var endpoints = [
            door("/v1/chat/completions", .chatCompletions) { call throws(WeirError) in
                try await chat(call, .chatCompletions)
            },
            door("/v1/responses", .responses) { call throws(WeirError) in
                try await chat(call, .responses)
            },
            door("/v1/embeddings", .chatCompletions) { call throws(WeirError) in
                try await embed(call, .embeddings, .chatCompletions)
            },
            door("/v1/messages", .messages) { call throws(WeirError) in
                try await chat(call, .messages)
            },
            door("/v1/messages/count_tokens", .messages) { call throws(WeirError) in
                try await countTokens(call, .messages)
            },
        ]
        for version in ["/v1beta", "/v1"] { endpoints += generateContent("\(version)/models") }
        endpoints += [
            list("/v1/models", .chatCompletions, dropInModels),
            list("/v1beta/models", .generateContent, geminiModels),
            list("/v1/models/{model...}", .chatCompletions, dropInModel),
            list("/v1beta/models/{model...}", .generateContent, geminiModel),
        ]
        return endpoints
    }

    private func generateContent(_ models: String) -> [Endpoint] {
        [
            door("\(models)/{model...}:generateContent", .generateContent) {
                call throws(WeirError) in
                try await chat(call, .generateContent, isStream: false)
            },
            door("\(models)/{model...}:streamGenerateContent", .generateContent) {
                call throws(WeirError) in
                try await chat(call, .generateContent, isStream: true)
            },
            door("\(models)/{model...}:countTokens", .generateContent) { call throws(WeirError) in
                try await countTokens(call, .generateContent)
            },
            door("\(models)/{model...}:embedContent", .generateContent) { call throws(WeirError) in
                try await embed(call, .embedContent, .generateContent)
            },
            door("\(models)/{model...}:batchEmbedContents", .generateContent) {
                call throws(WeirError) in
                try await embed(call, .batchEmbedContents, .generateContent)
            },
        ]
    }

    private func door(
        _ path: String, _ wire: Wire,
        _ handler: @escaping @Sendable (Call) async throws(WeirError) -> Answer
    ) -> Endpoint {
        Endpoint(
            .post, path, .anyKey, body: .json, query: nil, dialect: use.doors.answering(wire),
            bodyLimit: settings.dropInBodyLimit, handler)
    }

    private func list(
        _ path: String, _ wire: Wire,
        _ handler: @escaping @Sendable (Call) async throws(WeirError) -> Answer
    ) -> Endpoint {
        Endpoint(
            .get, path, .anyKey, query: nil, dialect: use.doors.answering(wire), handler)
    }
}
