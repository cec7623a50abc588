import WeirCore
import WeirService

extension Routes {
    /// `GET /admin/jobs/dead`
    func listDeadLetters(_ call: Call) async throws(WeirError) -> Answer {
        let selection = JobDesk.Selection(
            tenant: try call.query.tenant(), queue: try call.query.queue())
        return answer(
            try await jobs().deadLetters(
                of: selection, below: try call.query.integer("cursor"),
                limit: try pageLimit(call), by: call.caller))
    }

    /// `GET /admin/jobs/dead/{id}`
    func getDeadLetter(_ call: Call) async throws(WeirError) -> Answer {
        let letter = try await jobs().deadLetter(try jobID(call), by: call.caller)
        var object = letter.record.json
        object.append("history", .array(letter.history.map(\.json)))
        object.append("request", letter.request.map(\.summary) ?? .null)
        return Answer(.object(object))
    }

    /// `POST /admin/jobs/dead/{id}/replay`
    func replayDeadLetter(_ call: Call) async throws(WeirError) -> Answer {
        Answer(
            status: 202,
            .object(try await jobs().replay(try jobID(call), by: call.caller).json))
    }

    /// `DELETE /admin/jobs/dead/{id}`
    func purgeDeadLetter(_ call: Call) async throws(WeirError) -> Answer {
        try await jobs().purge(try jobID(call), by: call.caller)
        return .done
    }
}

extension JobAttempt {
    fileprivate var json: JSON {
        [
            "attempt": JSON(number), "claim": JSON(epoch),
            "claimed_at": .string(claimedAt.rfc3339),
            "ended_at": endedAt.map { .string($0.rfc3339) } ?? .null,
            "outcome": outcome.map { .string($0.rawValue) } ?? .null,
            "error": code.map { .string($0.rawValue) } ?? .null,
        ]
    }
}

extension JobRequest {
    /// What it asked for, without a word of what was said to the model.
    fileprivate var summary: JSON {
        let models = Set(calls.compactMap { $0["model"]?.string }).sorted()
        return [
            "key_id": .string(key.description), "calls": JSON(calls.count),
            "models": .array(models.map { .string($0) }),
            "webhook_url": webhook.map { .string($0) } ?? .null,
        ]
    }
}
