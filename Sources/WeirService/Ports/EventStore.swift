package import WeirCore

/// The outbox: events in the order in which they became durable, each written in one transaction
/// with the change that it tells of.
package protocol EventStore: Sendable {
    /// Rings after events have become durable.
    var eventBell: EventBell { get }

    /// Those of an audience, oldest first, strictly after a sequence number.
    func events(after cursor: Int64, for audience: EventAudience, limit: Int)
        async throws(StoreError) -> EventPage

    func eventSpan() async throws(StoreError) -> EventSpan

    /// Forgets the oldest events, as far as they were published at this moment or before.
    /// - Returns: how many; as many as the limit where there may be more.
    func forgetEvents(publishedBy moment: Timestamp, limit: Int) async throws(StoreError) -> Int
}

/// Something that happened, for whoever subscribes.
package struct Event: Sendable, Equatable {
    /// Its place in the outbox, over all tenants.
    package let sequence: Int64
    package let at: Timestamp
    /// Nil for what concerns the operators alone.
    package let tenant: TenantID?
    /// Nil for what concerns no one user.
    package let user: UserID?
    /// `JobCompleted`, `BudgetThreshold`, …
    package let type: String
    /// A JSON object as text, without a line break.
    package let payload: [UInt8]

    package init(
        sequence: Int64, at: Timestamp, tenant: TenantID?, user: UserID? = nil, type: String,
        payload: [UInt8]
    ) {
        self.sequence = sequence
        self.at = at
        self.tenant = tenant
        self.user = user
        self.type = type
        self.payload = payload
    }
}

/// Whose events somebody hears.
package enum EventAudience: Sendable, Equatable {
    /// Every tenant's, and the operators' own.
    case everybody
    /// One tenant's; with a user, only what concerns that one.
    case tenant(TenantID, user: UserID?)

    package func includes(_ event: Event) -> Bool {
        switch self {
        case .everybody: true
        case .tenant(let tenant, nil): event.tenant == tenant
        case .tenant(let tenant, let user): event.tenant == tenant && event.user == user
        }
    }
}

package struct EventPage: Sendable, Equatable {
    package let events: [Event]
    /// Everything up to here was looked at: where the next page begins.
    package let next: Int64

    package init(events: [Event], next: Int64) {
        self.events = events
        self.next = next
    }
}

/// What the outbox holds of the sequence.
package struct EventSpan: Sendable, Equatable {
    /// The newest one that is forgotten; 0 where none is.
    package let forgotten: Int64
    /// The newest one of all; 0 before the first.
    package let newest: Int64

    package init(forgotten: Int64, newest: Int64) {
        self.forgotten = forgotten
        self.newest = newest
    }
}
