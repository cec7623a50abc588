import WeirCore

/// What a reply of a batch interface proves.
extension UpstreamOutcome {
    /// The body of a 2xx reply.
    var success: [UInt8]? {
        if case .reply(let reply) = self, (200..<300).contains(reply.status) {
            reply.body
        } else {
            nil
        }
    }

    /// What an error reply means for the jobs of the batch; nil where there is none.
    func refusal(_ dialect: any ProviderDialect) -> WeirError? {
        guard case .reply(let reply) = self, success == nil else { return nil }
        let failure = dialect.decodeFailure(status: reply.status, body: reply.body)
        // A batch that is refused as a whole is no fault of one of its calls.
        guard failure.kind != .badRequest else {
            return WeirError(
                .providerError, "The AI provider refused the batch: \(failure.message)")
        }
        return WeirError(failure, retryAfter: reply.retryAfter ?? failure.retryAfter)
    }

    /// The same where the reply proves that nothing was made. A server error doesn't: the batch
    /// may be there all the same, and run.
    func certainRefusal(_ dialect: any ProviderDialect) -> WeirError? {
        guard case .reply(let reply) = self, (400..<500).contains(reply.status),
            ![408, 409].contains(reply.status)
        else { return nil }
        return refusal(dialect)
    }

    /// For the breaker.
    func ending(_ dialect: any ProviderDialect) -> AttemptEnding {
        switch self {
        case .notSent: .notSent
        case .lost: .lost
        case .reply(let reply) where success == nil:
            .refused(
                dialect.decodeFailure(status: reply.status, body: reply.body).kind,
                retryAfter: reply.retryAfter)
        case .reply: .answered
        }
    }

    /// For the log.
    var kind: String {
        switch self {
        case .notSent(let reason): "not sent: \(reason)"
        case .lost(let loss): "lost: \(loss)"
        case .reply(let reply): "status \(reply.status)"
        }
    }
}
