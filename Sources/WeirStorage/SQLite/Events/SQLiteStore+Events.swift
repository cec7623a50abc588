package import WeirCore
package import WeirService

extension SQLiteStore: EventStore {
    package var eventBell: EventBell { writer.bell }

    package func events(
        after cursor: Int64, for audience: EventAudience, limit: Int
    ) async throws(StoreError) -> EventPage {
        guard limit > 0 else { return EventPage(events: [], next: cursor) }
        return try await readers.read { connection throws(SQLiteError) in
            let query = try connection.statement(
                """
                SELECT seq, at, tenant_id, user_id, type, payload FROM events
                \(audience.condition) AND seq > ? ORDER BY seq LIMIT ?
                """)
            if case .tenant(let tenant, let user) = audience {
                query.bind(tenant.number)
                if let user { query.bind(user.number) }
            }
            query.bind(cursor)
            query.bind(Int64(limit))
            var events: [Event] = []
            try query.each { row throws(SQLiteError) in events.append(Event(row)) }
            if events.count == limit, let last = events.last {
                return EventPage(events: events, next: last.sequence)
            }
            return EventPage(events: events, next: try connection.newestEvent())
        }
    }

    package func eventSpan() async throws(StoreError) -> EventSpan {
        try await readers.read { connection throws(SQLiteError) in
            let newest = try connection.newestEvent()
            let first = try connection.statement("SELECT seq FROM events ORDER BY seq LIMIT 1")
                .first { row throws(SQLiteError) in row.int64(0) }
            return EventSpan(forgotten: first.map { $0 - 1 } ?? newest, newest: newest)
        }
    }

    package func forgetEvents(
        publishedBy moment: Timestamp, limit: Int
    ) async throws(StoreError) -> Int {
        guard limit > 0 else { return 0 }
        return try await writer.write { session throws(SQLiteError) in
            try session.forgetEvents(publishedBy: moment, limit: limit)
        }
    }
}

extension WriteSession {
    /// Always from the oldest on, so that what is kept has no gap.
    func forgetEvents(publishedBy moment: Timestamp, limit: Int) throws(SQLiteError) -> Int {
        let query = try connection.statement("SELECT seq, at FROM events ORDER BY seq LIMIT ?")
        query.bind(Int64(limit))
        var (last, count, isOld) = (Int64(0), 0, true)
        try query.each { row throws(SQLiteError) in
            isOld = isOld && row.int64(1) <= moment.milliseconds
            if isOld { (last, count) = (row.int64(0), count + 1) }
        }
        guard count > 0 else { return 0 }
        let delete = try connection.statement("DELETE FROM events WHERE seq <= ?")
        delete.bind(last)
        try delete.run()
        return count
    }
}

extension Connection {
    /// The newest event's number, also where it is forgotten; 0 before the first.
    fileprivate func newestEvent() throws(SQLiteError) -> Int64 {
        try statement("SELECT seq FROM sqlite_sequence WHERE name = 'events'").first {
            row throws(SQLiteError) in row.int64(0)
        } ?? 0
    }
}

extension EventAudience {
    /// Each one has its index.
    fileprivate var condition: String {
        switch self {
        case .everybody: "WHERE true"
        case .tenant(_, nil): "INDEXED BY events_by_tenant WHERE tenant_id = ?"
        case .tenant: "INDEXED BY events_by_user WHERE tenant_id = ? AND user_id = ?"
        }
    }
}

extension Event {
    fileprivate init(_ row: borrowing Row) {
        self.init(
            sequence: row.int64(0), at: Timestamp(milliseconds: row.int64(1)),
            tenant: row.optionalInt64(2).flatMap(TenantID.init),
            user: row.optionalInt64(3).flatMap(UserID.init), type: row.text(4),
            payload: row.bytes(5))
    }
}
