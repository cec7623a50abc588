import HTTPTypes
import WeirCore
import WeirService

extension Routes {
    static let eventQuery = ["tenant_id", "user_id", "last_event_id"]

    /// `GET /ai/events`
    func events(_ call: Call) async throws(WeirError) -> Answer {
        // Whoever comes back by itself says in the header where it was, and in the query where it
        // was at first.
        let values = call.head.headers[values: .lastEventID].filter { !$0.isEmpty }
        var last = try lastEvent(call)
        if let text = values.first {
            guard values.count == 1, let number = plainInteger(text), number >= 0 else {
                throw WeirError(
                    .invalidRequest, "Last-Event-ID must be an event's number",
                    param: "Last-Event-ID")
            }
            last = number
        }
        var answer = Answer(status: 200, body: [], contentType: EventStreamBody.contentType)
        answer.stream = EventStreamBody(try await subscribe(call, after: last))
        return answer
    }

    /// `GET /ai/events/ws`
    func eventSocket(_ call: Call) async throws(WeirError) -> Answer {
        guard call.head.isUpgrade else {
            throw WeirError(.invalidRequest, "This path speaks WebSocket: ask for an upgrade")
        }
        let last = try lastEvent(call)
        var answer = Answer(status: 101, body: [], contentType: nil)
        answer.upgrade = .events(
            EventSocket(stream: try await subscribe(call, after: last), isPlaced: last != nil))
        return answer
    }

    private func lastEvent(_ call: Call) throws(WeirError) -> Int64? {
        try call.query.integer("last_event_id", in: 0...Int64.max)
    }

    private func subscribe(_ call: Call, after last: Int64?) async throws(WeirError) -> EventStream
    {
        guard let feed = use.events else {
            throw WeirError(.notFound, "There are no events in this process")
        }
        let user = try call.query.integer("user_id", in: 0...Int64.max).flatMap(UserID.init)
        return try await feed.subscribe(
            to: try call.query.tenant(), user: user, after: last, by: call.caller)
    }
}
