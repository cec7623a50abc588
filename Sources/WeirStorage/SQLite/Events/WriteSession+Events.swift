import WeirCore
import WeirService

extension WriteSession {
    /// Puts an event into the outbox. Whoever listens is told when the transaction is durable.
    ///
    /// - Parameters:
    ///   - payload: JSON text, an object without a line break.
    ///   - tenant: nil for what concerns the operators alone.
    /// - Returns: the event's number.
    @discardableResult
    func publish(
        _ type: String, payload: [UInt8], tenant: TenantID?, user: UserID? = nil,
        at now: Timestamp
    ) throws(SQLiteError) -> Int64 {
        let event = try connection.statement(
            """
            INSERT INTO events (at, tenant_id, user_id, type, payload)
            VALUES (?, ?, ?, ?, ?) RETURNING seq
            """)
        event.bind(now.milliseconds)
        event.bind(tenant?.number)
        event.bind(user?.number)
        event.bind(type)
        event.bind(text: payload)
        let sequence = try event.first { row throws(SQLiteError) in row.int64(0) }
        guard let sequence else { throw .corrupt("an event was inserted without a number") }
        published.add(tenant: tenant)
        return sequence
    }
}
