import WeirCore
import WeirService

extension Routes {
    static let webhookList = ["tenant_id", "state", "cursor", "limit"]

    /// `GET /admin/webhooks`
    func listWebhooks(_ call: Call) async throws(WeirError) -> Answer {
        let page = try await webhooks().page(
            of: try call.query.tenant(),
            in: try call.query.choice("state", WebhookRecord.State.self),
            below: try call.query.integer("cursor"), limit: try pageLimit(call), by: call.caller)
        return Answer([
            "deliveries": .array(page.deliveries.map(\.json)),
            "next_cursor": page.next.map { .string(String($0)) } ?? .null,
        ])
    }

    /// `POST /admin/webhooks/{id}/retry`
    func retryWebhook(_ call: Call) async throws(WeirError) -> Answer {
        let record = try await webhooks().retry(call.parameter, by: call.caller)
        return Answer(status: 202, record.json)
    }

    private func webhooks() throws(WeirError) -> WebhookDesk {
        guard let webhooks = use.webhooks else {
            throw WeirError(.notFound, "There are no webhooks in this process")
        }
        return webhooks
    }
}

extension WebhookRecord {
    fileprivate var json: JSON {
        let moment = JSON.string(moment.rfc3339)
        return [
            "id": .string(delivery.id), "job_id": .string(delivery.job),
            "tenant_id": JSON(delivery.tenant.number), "host": .string(delivery.host),
            "state": .string(state.rawValue), "attempts": JSON(delivery.attempts),
            "created_at": .string(createdAt.rfc3339),
            "next_attempt_at": state == .waiting ? moment : .null,
            "given_up_at": state == .givenUp ? moment : .null,
            "last_outcome": outcome.map { .string($0) } ?? .null,
        ]
    }
}
