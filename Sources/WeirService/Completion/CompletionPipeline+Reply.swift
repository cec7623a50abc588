import Logging
import WeirCore

extension CompletionPipeline {
    /// Reads how an exchange ended: what it means for money, and what the caller hears.
    func read(_ outcome: UpstreamOutcome, of attempt: Attempt) -> AttemptEnd {
        switch outcome {
        case .notSent(let reason):
            log("provider not reached", attempt, reason)
            return AttemptEnd(
                charge: .notSent,
                answer: .failure(
                    WeirError(.providerUnavailable, "The AI provider can't be reached")))
        case .lost(let loss):
            log("reply lost", attempt, "\(loss)")
            return AttemptEnd(charge: .lost, answer: .failure(WeirError(loss)))
        case .reply(let reply) where (200..<300).contains(reply.status):
            return readAnswer(reply, attempt)
        case .reply(let reply):
            return readFailure(reply, attempt)
        }
    }

    private func readAnswer(_ reply: UpstreamReply, _ attempt: Attempt) -> AttemptEnd {
        do {
            let chat = try attempt.provider.dialect.decodeReply(reply.body)
            return AttemptEnd(
                charge: .answered(chat.usage, bytes: chat.visibleBytes), answer: .success(chat))
        } catch {
            log("reply is no answer", attempt, error.reason)
            return AttemptEnd(
                charge: .defective(error.usage),
                answer: .failure(
                    WeirError(.providerError, "The AI provider's answer can't be read")))
        }
    }

    private func readFailure(_ reply: UpstreamReply, _ attempt: Attempt) -> AttemptEnd {
        let failure = attempt.provider.dialect.decodeFailure(
            status: reply.status, body: reply.body)
        log("provider refused", attempt, "\(reply.status): \(failure.message)")
        let retryAfter = reply.retryAfter ?? failure.retryAfter
        return AttemptEnd(
            charge: .refused(failure.kind),
            answer: .failure(WeirError(failure, retryAfter: retryAfter)))
    }

    private func log(_ event: Logger.Message, _ attempt: Attempt, _ reason: String) {
        parts.logger.warning(
            event,
            metadata: [
                "request": "\(attempt.row.request)", "provider": "\(attempt.row.provider)",
                "model": "\(attempt.row.upstreamModel)", "reason": "\(reason)",
            ])
    }
}

extension WeirError {
    fileprivate init(_ loss: UpstreamOutcome.Loss) {
        switch loss {
        case .timeout:
            self.init(.providerTimeout, "The AI provider did not answer in time")
        case .broken:
            self.init(.providerError, "The connection to the AI provider broke")
        case .malformed:
            self.init(.providerError, "The AI provider's answer can't be read")
        }
    }

    fileprivate init(_ failure: ProviderFailure, retryAfter: Int?) {
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
