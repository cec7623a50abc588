package import WeirCore

/// Where deliveries to webhooks wait, each written in one transaction with the event that it tells.
package protocol WebhookStore: Sendable {
    /// Rings after deliveries have become durable.
    var eventBell: EventBell { get }

    /// Deliveries whose next try is due, the longest ago first.
    /// - Parameter tenants: whose are passed over.
    func dueWebhooks(at now: Timestamp, passing tenants: Set<TenantID>, limit: Int)
        async throws(StoreError) -> [WebhookDelivery]

    /// Writes down how a try ended; nothing where the delivery has ended already.
    func record(_ attempt: WebhookAttempt, of delivery: Int64) async throws(StoreError)

    /// Forgets deliveries that ended at this moment or before.
    /// - Returns: how many; as many as the limit where there may be more.
    func forgetWebhooks(endedBy moment: Timestamp, limit: Int) async throws(StoreError) -> Int
}

/// Something to tell to somebody's server.
package struct WebhookDelivery: Sendable, Equatable {
    package let sequence: Int64
    /// The same at each try, so that a receiver knows what it has already.
    package let id: String
    package let tenant: TenantID
    package let url: String
    package let body: [UInt8]
    /// Tries so far.
    package let attempts: Int

    package init(
        sequence: Int64, id: String, tenant: TenantID, url: String, body: [UInt8], attempts: Int
    ) {
        self.sequence = sequence
        self.id = id
        self.tenant = tenant
        self.url = url
        self.body = body
        self.attempts = attempts
    }
}

/// How a try ended.
package struct WebhookAttempt: Sendable, Equatable {
    package enum Result: Sendable, Equatable {
        case delivered(at: Timestamp)
        case again(at: Timestamp)
        case givenUp(at: Timestamp)
    }

    package let result: Result
    /// For an operator: a status, or what went wrong.
    package let outcome: String

    package init(_ result: Result, outcome: String) {
        self.result = result
        self.outcome = outcome
    }
}
