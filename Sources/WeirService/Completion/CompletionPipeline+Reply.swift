import Logging
import WeirCore

extension CompletionPipeline {
    /// Reads how an exchange ended: what it means for money, for the caller, and for the route.
    func read(_ outcome: UpstreamOutcome, of attempt: Attempt) -> AttemptEnd {
        switch outcome {
        case .notSent(let reason):
            log("provider not reached", attempt, reason)
            return AttemptEnd(
                charge: .notSent,
                answer: .failure(
                    WeirError(.providerUnavailable, "The AI provider can't be reached")),
                ending: .notSent)
        case .lost(let loss):
            log("reply lost", attempt, "\(loss)")
            return AttemptEnd(
                charge: .lost, answer: .failure(WeirError(loss)), ending: .lost)
        case .reply(let reply) where (200..<300).contains(reply.status):
            return readAnswer(reply, attempt)
        case .reply(let reply):
            return readFailure(reply, attempt)
        }
    }

    private func readAnswer(_ reply: UpstreamReply, _ attempt: Attempt) -> AttemptEnd {
        do {
            let (charge, answer) = try answer(reply.body, attempt)
            return AttemptEnd(charge: charge, answer: .success(answer), ending: .answered)
        } catch {
            log("reply is no answer", attempt, error.reason)
            return AttemptEnd(
                charge: .defective(error.usage), answer: .failure(.unreadable),
                ending: .defective)
        }
    }

    private func answer(
        _ body: [UInt8], _ attempt: Attempt
    ) throws(ReplyDefect) -> (Charge.End, Answer) {
        let dialect = attempt.provider.dialect
        switch attempt.prepared.form {
        case .passed(let wire):
            let chat = try dialect.decodeReply(body, wire: wire)
            return (.answered(chat.evidence), .chat(chat, passed: body))
        case .translated:
            let chat = try dialect.decodeReply(body)
            return (.answered(chat.evidence), .chat(chat, passed: nil))
        case .embeddings(let wire):
            guard let embeddings = dialect.embeddings else { throw ReplyDefect("no reader") }
            let reply = try embeddings.decodeReply(body, wire: wire)
            return (
                .answered(Charge.Evidence(reply.usage, bytes: 0)),
                .embeddings(reply, passed: wire == nil ? nil : body)
            )
        case .tokenCount(let isPassed):
            guard let counter = dialect.tokenCount else { throw ReplyDefect("no reader") }
            let count = try counter.decodeCount(body)
            return (
                .answered(Charge.Evidence(.reported(.zero), bytes: 0)),
                .tokenCount(count, passed: isPassed ? body : nil)
            )
        }
    }

    private func readFailure(_ reply: UpstreamReply, _ attempt: Attempt) -> AttemptEnd {
        let failure = attempt.provider.dialect.decodeFailure(
            status: reply.status, body: reply.body)
        log("provider refused", attempt, "\(reply.status): \(failure.message)")
        let retryAfter = reply.retryAfter ?? failure.retryAfter
        return AttemptEnd(
            charge: .refused(failure.kind),
            answer: .failure(WeirError(failure, retryAfter: retryAfter)),
            ending: .refused(failure.kind, retryAfter: retryAfter))
    }

    /// The reply as it will be sent, and the digest of its text.
    func answer(
        _ end: AttemptEnd, _ charge: Charge, _ attempt: Attempt, _ call: CompletionCall
    ) async -> (Result<CompletionReply, WeirError>, [UInt8]) {
        let body: [UInt8]
        var digest: [UInt8] = []
        switch end.answer {
        case .failure(let error): return (.failure(error), [])
        case .success(.chat(let chat, let passed)):
            do {
                let text = try await parts.screening.screen(
                    chat.text, of: attempt.row, at: parts.time.now())
                digest = sha256(Array(text.utf8))
                body = encode(chat, text, passed, charge, attempt, call)
            } catch {
                return (.failure(error), sha256(Array(chat.text.utf8)))
            }
        case .success(.embeddings(let reply, let passed)):
            body = encode(reply, passed, call)
        case .success(.tokenCount(let count, let passed)):
            body = encode(count, passed, call)
        }
        let facts = CompletionReply.Facts(
            cost: charge.cost, attempts: attempt.row.attemptNumber,
            provider: attempt.row.provider, model: attempt.row.upstreamModel)
        let reply = CompletionReply(status: 200, body: body, facts: facts, rate: call.rate)
        return (.success(reply), digest)
    }

    private func encode(
        _ chat: ChatReply, _ text: String, _ passed: [UInt8]?, _ charge: Charge,
        _ attempt: Attempt, _ call: CompletionCall
    ) -> [UInt8] {
        let isSame = text.utf8.elementsEqual(chat.text.utf8)
        if let passed, isSame { return passed }
        var chat = chat
        chat.text = text
        chat.usage = .reported(charge.usage)
        return call.dialect.encode(
            chat,
            ReplyContext(
                request: call.request, model: call.model, createdAt: attempt.row.createdAt,
                cost: charge.cost, asked: call.asked))
    }

    private func encode(
        _ reply: EmbeddingReply, _ passed: [UInt8]?, _ call: CompletionCall
    ) -> [UInt8] {
        if let passed { return passed }
        guard case .embeddings(let request, let dialect) = call.work else { return [] }
        return dialect.encode(reply, request)
    }

    private func encode(
        _ count: Int64, _ passed: [UInt8]?, _ call: CompletionCall
    ) -> [UInt8] {
        if let passed { return passed }
        guard case .tokenCount(_, let dialect) = call.work else { return [] }
        return dialect.encode(count: count)
    }
}

extension WeirError {
    static var unreadable: WeirError {
        WeirError(.providerError, "The AI provider's answer can't be read")
    }

    init(_ loss: UpstreamOutcome.Loss) {
        switch loss {
        case .timeout:
            self.init(.providerTimeout, "The AI provider did not answer in time")
        case .broken:
            self.init(.providerError, "The connection to the AI provider broke")
        case .malformed: self = .unreadable
        }
    }

    init(_ failure: ProviderFailure, retryAfter: Int?) {
        switch failure.kind {
        case .badRequest:
            self.init(.invalidRequest, "The AI provider refused the request: \(failure.message)")
        case .account:
            self.init(.providerError, "The AI provider refused this service's account")
        case .rateLimited:
            self.init(
                .providerUnavailable, "The AI provider is at its rate limit",
                retryAfter: retryAfter)
        case .unavailable:
            self.init(
                .providerUnavailable, "The AI provider is unavailable", retryAfter: retryAfter)
        case .unknown:
            self.init(.providerError, "The AI provider failed")
        }
    }
}
