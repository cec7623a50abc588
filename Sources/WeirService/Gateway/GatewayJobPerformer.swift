import WeirCore

/// Makes jobs' calls at the instances behind a gateway; they pass what a client's would.
package struct GatewayJobPerformer: JobPerformer {
    private let gateway: Gateway
    private let admission: GatewayAdmission
    /// Bytes of an answer; one that is longer is lost.
    private let answerLimit: Int

    package init(
        _ gateway: Gateway, _ admission: GatewayAdmission, answerLimit: Int = 32 << 20
    ) {
        self.gateway = gateway
        self.admission = admission
        self.answerLimit = answerLimit
    }

    package var isAvailable: Bool { gateway.isAvailable }

    package func perform(_ call: JobCall) async -> JobAnswer {
        let permit: CallPermit?
        do throws(WeirError) {
            try admission.requireRunning(call.tenant, call.feature)
            permit = try admission.admit(
                call.tenant, call.user, call.feature, call.caller.key, bytes: call.body.count
            )?.permit
        } catch {
            return .answered(
                status: error.code.status, retryAfter: error.retryAfter, wasHeldBack: true,
                body: CompleteDialect().encode(error, request: call.request))
        }
        // It is in flight until its answer is whole.
        defer { withExtendedLifetime(permit) {} }
        switch await gateway.open(request(call)) {
        case .notSent:
            permit?.giveBack()
            return .notSent
        case .lost:
            permit?.keep()
            return .lost
        case .reply(let reply): return await read(reply, permit)
        }
    }

    private func request(_ call: JobCall) -> GatewayCall {
        GatewayCall(
            request: call.request, caller: call.caller, tenant: call.tenant,
            destination: .ai(call.feature),
            method: "POST", target: "/ai/complete",
            headers: [
                HeaderField("content-type", "application/json"),
                HeaderField("idempotency-key", call.idempotencyKey),
            ], body: call.body)
    }

    private func read(_ reply: ForwardedReply, _ permit: CallPermit?) async -> JobAnswer {
        var body: [UInt8] = []
        while true {
            switch await reply.next() {
            case .bytes(let bytes):
                guard body.count + bytes.count <= answerLimit else {
                    reply.cancel()
                    permit?.keep()
                    return .lost
                }
                body += bytes
            case .end: return answer(reply, body, permit)
            case .lost:
                permit?.keep()
                return .lost
            }
        }
    }

    private func answer(
        _ reply: ForwardedReply, _ body: [UInt8], _ permit: CallPermit?
    ) -> JobAnswer {
        let fields = reply.headers + reply.trailers
        if let tokens = GatewayCall.tokens(fields) {
            permit?.use(tokens)
        } else {
            permit?.giveBack()
        }
        func value(_ name: String) -> String? { fields.first { $0.hasName(name) }?.value }
        // Whoever says neither a code nor tokens is no instance of ours, and proves nothing.
        let isOurs = value(GatewayCall.errorField) != nil
        let hasUsed = value(GatewayCall.tokensField) != nil
        return .answered(
            status: reply.status, retryAfter: value("retry-after").flatMap { Int($0) },
            wasHeldBack: isOurs && !hasUsed,
            budgetReset: value(GatewayCall.budgetResetField)
                .flatMap(Timestamp.init(rfc3339:)), body: body)
    }
}
