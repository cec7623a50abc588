import HTTPTypes
import WeirCore
import WeirService

extension Routes {
    /// `GET /v1/models`, in the form that the credential's header shows.
    func dropInModels(_ call: Call) async throws(WeirError) -> Answer {
        let routes = try models(of: call)
        switch form(of: call) {
        case .messages: return Answer(anthropicList(routes))
        case .generateContent: return Answer(geminiList(routes))
        default: return Answer(["object": "list", "data": .array(routes.map(openAIModel))])
        }
    }

    /// `GET /v1/models/{model}`
    func dropInModel(_ call: Call) async throws(WeirError) -> Answer {
        let route = try model(of: call)
        switch form(of: call) {
        case .messages: return Answer(anthropicModel(route))
        case .generateContent: return Answer(geminiModel(route))
        default: return Answer(openAIModel(route))
        }
    }

    /// `GET /v1beta/models`
    func geminiModels(_ call: Call) async throws(WeirError) -> Answer {
        Answer(geminiList(try models(of: call)))
    }

    /// `GET /v1beta/models/{model}`
    func geminiModel(_ call: Call) async throws(WeirError) -> Answer {
        Answer(geminiModel(try model(of: call)))
    }

    private func form(of call: Call) -> Wire {
        let headers = call.head.headers
        if headers[.googleAPIKey] != nil { return .generateContent }
        if headers[.apiKey] != nil || headers[.anthropicVersion] != nil { return .messages }
        return .chatCompletions
    }

    private func models(of call: Call) throws(WeirError) -> [Route] {
        let tenant = try CallerHeaders(call).tenant
        return try ai().usage.models(of: tenant, for: call.caller).routes
    }

    private func model(of call: Call) throws(WeirError) -> Route {
        let found = try models(of: call).first {
            $0.name.description.utf8.elementsEqual(call.parameter.utf8)
        }
        guard let found else {
            throw WeirError(.notFound, "There is no such model here", param: "model")
        }
        return found
    }

    /// OpenAI's `Model`. When a model was made isn't known here.
    private func openAIModel(_ route: Route) -> JSON {
        [
            "id": .string(route.name.description), "object": "model", "created": 0,
            "owned_by": .string(route.provider.description),
        ]
    }

    /// Anthropic's page, with everything on it.
    private func anthropicList(_ routes: [Route]) -> JSON {
        func id(_ route: Route?) -> JSON {
            route.map { .string($0.name.description) } ?? .null
        }
        return [
            "data": .array(routes.map(anthropicModel)), "has_more": false,
            "first_id": id(routes.first), "last_id": id(routes.last),
        ]
    }

    private func anthropicModel(_ route: Route) -> JSON {
        [
            "type": "model", "id": .string(route.name.description),
            "display_name": .string(route.name.description),
            "created_at": "1970-01-01T00:00:00Z", "lifecycle": "active",
            "max_input_tokens": route.price.contextWindow.map { JSON($0) } ?? .null,
            "max_tokens": route.price.maxOutputTokens.map { JSON($0) } ?? .null,
        ]
    }

    private func geminiList(_ routes: [Route]) -> JSON {
        ["models": .array(routes.map(geminiModel))]
    }

    private func geminiModel(_ route: Route) -> JSON {
        var model: JSONObject = JSONObject([
            .init(name: "name", value: .string("models/\(route.name)")),
            .init(name: "displayName", value: .string(route.name.description)),
            .init(
                name: "supportedGenerationMethods",
                value: ["generateContent", "countTokens"]),
        ])
        if let window = route.price.contextWindow { model.append("inputTokenLimit", JSON(window)) }
        if let cap = route.price.maxOutputTokens { model.append("outputTokenLimit", JSON(cap)) }
        return .object(model)
    }
}
