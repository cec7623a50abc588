import WeirCore
import WeirService

extension WriteSession {
    /// Each call's INTENT, and what leads to it again.
    func open(_ batch: OpenBatch) throws(SQLiteError) {
        let insert = try connection.statement(
            """
            INSERT INTO batches
                (batch_id, tenant_id, provider, price, state, provider_batch, changed_at)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            """)
        insert.bind(batch.id.description)
        insert.bind(batch.tenant.number)
        insert.bind(batch.provider.description)
        insert.bind(batch.price.document)
        insert.bind(batch.state)
        insert.bind(batch.changedAt.milliseconds)
        try insert.run()
        let member = try connection.statement(
            """
            INSERT INTO batch_calls
                (attempt_id, batch_id, job_id, epoch, worst_input, worst_output, number)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            """)
        for call in batch.calls {
            guard call.row.tenant == batch.tenant else {
                throw .refusal("a batch holds the calls of one tenant")
            }
            _ = try intend(call.row, claim: nil)
            member.bind(call.row.attempt.number)
            member.bind(batch.id.description)
            member.bind(call.job.description)
            member.bind(call.epoch)
            member.bind(call.input)
            member.bind(call.output)
            member.bind(Int64(call.number))
            try member.run()
        }
    }

    func mark(
        _ batch: BatchID, _ state: OpenBatch.State, at now: Timestamp
    ) throws(SQLiteError) {
        let update = try connection.statement(
            """
            UPDATE batches SET state = ?, provider_batch = ?, changed_at = ? WHERE batch_id = ?
            """)
        update.bind(state)
        update.bind(now.milliseconds)
        update.bind(batch.description)
        guard try update.run() == 1 else { throw .refusal("there is no batch \(batch)") }
    }

    func close(_ batch: BatchID) throws(SQLiteError) {
        let query = try connection.statement(
            """
            SELECT count(*) FROM batch_calls JOIN open_attempts USING (attempt_id)
            WHERE batch_id = ?
            """)
        query.bind(batch.description)
        let open = try query.first { row throws(SQLiteError) in row.int64(0) } ?? 0
        guard open == 0 else { throw .refusal("batch \(batch) has \(open) open calls") }
        for table in ["batch_calls", "batches"] {
            let delete = try connection.statement("DELETE FROM \(table) WHERE batch_id = ?")
            delete.bind(batch.description)
            try delete.run()
        }
    }
}

extension Statement {
    fileprivate func bind(_ state: OpenBatch.State) {
        switch state {
        case .held:
            bind("held")
            bindNull()
        case .submitting:
            bind("submitting")
            bindNull()
        case .submitted(let id):
            bind("submitted")
            bind(id.description)
        }
    }
}
