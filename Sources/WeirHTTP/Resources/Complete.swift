import HTTPTypes
import WeirCore
import WeirService

extension Routes {
    /// `POST /ai/complete`
    func complete(_ call: Call) async throws(WeirError) -> Answer {
        let fields = try CompletionFields(call.body, defaultMaxTokens: settings.defaultMaxTokens)
        guard let tenant = fields.tenant ?? call.caller.onlyTenant else {
            throw WeirError(.invalidRequest, "tenant_id is missing", param: "tenant_id")
        }
        try call.caller.require(tenant)
        let reply = try await use.complete(
            CompletionCall(
                caller: call.caller, request: call.request, tenant: tenant, user: fields.user,
                feature: fields.feature, model: fields.model, system: fields.conversation.system,
                messages: fields.conversation.messages, maxTokens: fields.maxTokens,
                temperature: fields.temperature, topP: fields.topP, stop: fields.stop,
                idempotency: try idempotencyKey(call, tenant)))
        return answer(reply)
    }

    private func idempotencyKey(
        _ call: Call, _ tenant: TenantID
    ) throws(WeirError) -> IdempotencyKey? {
        let values = call.head.headers[values: .idempotencyKey]
        guard let text = values.first else { return nil }
        let fingerprint = IdempotencyKey.fingerprint(
            method: "POST", path: "/ai/complete", tenant: tenant, body: call.body)
        guard values.count == 1, let key = IdempotencyKey(text, fingerprint: fingerprint) else {
            throw WeirError(
                .invalidRequest,
                "Idempotency-Key must be given once, with 1 to 255 visible ASCII characters",
                param: "Idempotency-Key")
        }
        return key
    }

    private func answer(_ reply: CompletionReply) -> Answer {
        var answer = Answer(status: reply.status, body: reply.body)
        if let facts = reply.facts {
            answer.headers = [
                HTTPField(name: .cost, value: facts.cost.usd),
                HTTPField(name: .attempts, value: String(facts.attempts)),
                HTTPField(name: .model, value: facts.model.description),
                HTTPField(name: .provider, value: facts.provider.description),
            ]
        }
        if reply.isReplay {
            answer.headers.append(HTTPField(name: .idempotentReplayed, value: "true"))
        }
        if reply.status >= 400 { answer.headers.append(ErrorBody.noRetry) }
        return answer
    }
}
