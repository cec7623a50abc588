import Synchronization
package import WeirCore
package import WeirService

/// An outbox without a disk, as simple as the port allows. Can be told to fail.
package final class InMemoryEventStore: EventStore {
    private struct State {
        var events: [Event] = []
        var last: Int64 = 0
        var failure: StoreError?
    }
    private let state = Mutex(State())
    package let eventBell = EventBell()

    package init() {}

    /// What every later read answers; nil lets them through again.
    package func fail(with error: StoreError?) { state.withLock { $0.failure = error } }

    @discardableResult
    package func publish(
        _ type: String, payload: JSON, tenant: TenantID?, user: UserID? = nil, at now: Timestamp
    ) -> Int64 {
        let sequence = state.withLock { state in
            state.last += 1
            state.events.append(
                Event(
                    sequence: state.last, at: now, tenant: tenant, user: user, type: type,
                    payload: payload.encoded))
            return state.last
        }
        var published = PublishedEvents()
        published.add(tenant: tenant)
        eventBell.ring(published)
        return sequence
    }

    /// What somebody else has written: no bell tells of it.
    package func publishSilently(_ type: String, tenant: TenantID?, at now: Timestamp) {
        state.withLock { state in
            state.last += 1
            state.events.append(
                Event(
                    sequence: state.last, at: now, tenant: tenant, type: type,
                    payload: Array("{}".utf8)))
        }
    }

    package func events(
        after cursor: Int64, for audience: EventAudience, limit: Int
    ) async throws(StoreError) -> EventPage {
        try read { state in
            let found = state.events.filter {
                $0.sequence > cursor && audience.includes($0)
            }.prefix(max(limit, 0))
            guard limit > 0 else { return EventPage(events: [], next: cursor) }
            return EventPage(
                events: Array(found),
                next: found.count == limit ? found.last?.sequence ?? cursor : state.last)
        }
    }

    package func eventSpan() async throws(StoreError) -> EventSpan {
        try read { state in
            EventSpan(
                forgotten: state.events.first.map { $0.sequence - 1 } ?? state.last,
                newest: state.last)
        }
    }

    package func forgetEvents(
        publishedBy moment: Timestamp, limit: Int
    ) async throws(StoreError) -> Int {
        try read { state in
            let old = state.events.prefix(max(limit, 0)).prefix { $0.at <= moment }
            state.events.removeFirst(old.count)
            return old.count
        }
    }

    private func read<Value>(_ body: (inout State) -> Value) throws(StoreError) -> Value {
        try state.withLock { state throws(StoreError) in
            if let failure = state.failure { throw failure }
            return body(&state)
        }
    }
}
