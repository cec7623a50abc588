import WeirCore

/// Makes jobs' calls at the instances behind a gateway.
package struct GatewayJobPerformer: JobPerformer {
    private let gateway: Gateway
    /// Bytes of an answer; one that is longer is lost.
    private let answerLimit: Int

    package init(_ gateway: Gateway, answerLimit: Int = 32 << 20) {
        self.gateway = gateway
        self.answerLimit = answerLimit
    }

    package var isAvailable: Bool { gateway.isAvailable }

    package func perform(_ call: JobCall) async -> JobAnswer {
        let opening = await gateway.open(
            GatewayCall(
                request: call.request, caller: call.caller, destination: .ai(call.feature),
                method: "POST", target: "/ai/complete",
                headers: [
                    HeaderField("content-type", "application/json"),
                    HeaderField("idempotency-key", call.idempotencyKey),
                ], body: call.body))
        switch opening {
        case .notSent: return .notSent
        case .lost: return .lost
        case .reply(let reply): return await read(reply)
        }
    }

    private func read(_ reply: ForwardedReply) async -> JobAnswer {
        var body: [UInt8] = []
        while true {
            switch await reply.next() {
            case .bytes(let bytes):
                guard body.count + bytes.count <= answerLimit else {
                    reply.cancel()
                    return .lost
                }
                body += bytes
            case .end:
                let fields = reply.headers + reply.trailers
                let retryAfter = fields.first { $0.hasName("retry-after") }?.value
                // Whoever says neither a code nor tokens is no instance of ours, and proves
                // nothing.
                let isOurs = fields.contains { $0.hasName(GatewayCall.errorField) }
                let hasUsed = fields.contains { $0.hasName(GatewayCall.tokensField) }
                return .answered(
                    status: reply.status, retryAfter: retryAfter.flatMap { Int($0) },
                    wasHeldBack: isOurs && !hasUsed, body: body)
            case .lost: return .lost
            }
        }
    }
}
