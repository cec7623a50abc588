import HTTPTypes
import WeirCore
import WeirService

extension Routes {
    /// `POST /ai/complete`
    func complete(_ call: Call) async throws(WeirError) -> Answer {
        answer(try await ai().complete(try completion(call)), to: .complete)
    }

    /// What such a call asks for.
    func completion(_ call: Call) throws(WeirError) -> CompletionCall {
        let fields = try CompletionFields(call.body, defaultMaxTokens: settings.defaultMaxTokens)
        guard let tenant = fields.tenant ?? call.caller.onlyTenant else {
            throw WeirError(.invalidRequest, "tenant_id is missing", param: "tenant_id")
        }
        try call.caller.require(tenant)
        return CompletionCall(
            caller: call.caller, request: call.request, tenant: tenant, user: fields.user,
            feature: fields.feature, dialect: CompleteDialect(),
            work: .chat(fields.client(body: call.body)),
            idempotency: try idempotencyKey(call, tenant), meter: call.meter)
    }

    func idempotencyKey(_ call: Call, _ tenant: TenantID) throws(WeirError) -> IdempotencyKey? {
        let values = call.head.headers[values: .idempotencyKey]
        guard let text = values.first else { return nil }
        let fingerprint = IdempotencyKey.fingerprint(
            method: call.head.method.rawValue, path: call.head.target, tenant: tenant,
            body: call.body)
        guard values.count == 1, let key = IdempotencyKey(text, fingerprint: fingerprint) else {
            throw WeirError(
                .invalidRequest,
                "Idempotency-Key must be given once, with 1 to 255 visible ASCII characters",
                param: "Idempotency-Key")
        }
        return key
    }

    /// What the pipeline answers, with the facts in headers.
    ///
    /// - Parameter wire: whose client asks.
    func answer(_ outcome: CompletionOutcome, to wire: Wire) -> Answer {
        var answer: Answer
        let rate: CallStanding?
        switch outcome {
        case .whole(let reply): (answer, rate) = (self.answer(reply), reply.rate)
        case .stream(let stream):
            answer = Answer(status: 200, body: [], contentType: stream.contentType)
            answer.stream = LiveBody(stream)
            answer.headers = headers(stream.facts)
            rate = stream.rate
        }
        answer.headers += rate?.headers(for: wire) ?? []
        return answer
    }

    private func answer(_ reply: CompletionReply) -> Answer {
        var answer = Answer(status: reply.status, body: reply.body, contentType: reply.contentType)
        if let facts = reply.facts { answer.headers = headers(facts) }
        switch reply.origin {
        case .provider: break
        case .replay:
            answer.headers.append(HTTPField(name: .idempotentReplayed, value: "true"))
        case .cache:
            answer.headers.append(HTTPField(name: .weirCache, value: "hit"))
            answer.headers.append(HTTPField(name: .cost, value: Money.zero.usd))
        }
        if reply.status >= 400 { answer.headers.append(ErrorBody.noRetry) }
        if let code = reply.code { answer.headers.append(ErrorBody.field(code)) }
        return answer
    }

    private func headers(_ facts: CompletionReply.Facts) -> [HTTPField] {
        var headers = [
            HTTPField(name: .attempts, value: String(facts.attempts)),
            HTTPField(name: .model, value: facts.model.description),
            HTTPField(name: .provider, value: facts.provider.description),
        ]
        if let cost = facts.cost { headers.append(HTTPField(name: .cost, value: cost.usd)) }
        return headers
    }
}
