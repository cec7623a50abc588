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

    /// Those that wait and those that were given up, the newest first.
    /// - Parameters:
    ///   - tenant: nil: every tenant's.
    ///   - state: nil: both.
    ///   - cursor: only what has a lower sequence number.
    func openWebhooks(
        of tenant: TenantID?, in state: WebhookRecord.State?, below cursor: Int64?, limit: Int
    ) async throws(StoreError) -> [WebhookRecord]

    /// Nil where there is none, or it was delivered.
    func openWebhook(_ id: String) async throws(StoreError) -> WebhookRecord?

    /// Lets one that was given up be due again, as if it had never been tried.
    /// - Returns: whether it was one.
    func retryWebhook(_ delivery: Int64, at now: Timestamp) async throws(StoreError) -> Bool

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

/// A delivery that has reached nobody yet, as an operator sees it.
package struct WebhookRecord: Sendable, Equatable {
    package enum State: String, Sendable, CaseIterable {
        case waiting
        case givenUp = "given_up"
    }

    package let delivery: WebhookDelivery
    package let state: State
    package let createdAt: Timestamp
    /// When the next try is due, or when it was given up.
    package let moment: Timestamp
    /// Of the last try; nil before the first.
    package let outcome: String?

    package init(
        delivery: WebhookDelivery, state: State, createdAt: Timestamp, moment: Timestamp,
        outcome: String?
    ) {
        self.delivery = delivery
        self.state = state
        self.createdAt = createdAt
        self.moment = moment
        self.outcome = outcome
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
