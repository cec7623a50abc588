package import WeirCore
package import WeirService

extension SQLiteStore: BatchStore {
    package func open(_ batch: OpenBatch) async throws(StoreError) {
        try await writer.write { session throws(SQLiteError) in try session.open(batch) }
    }

    package func mark(
        _ batch: BatchID, _ state: OpenBatch.State, at now: Timestamp
    ) async throws(StoreError) {
        try await writer.write { session throws(SQLiteError) in
            try session.mark(batch, state, at: now)
        }
    }

    package func close(_ batch: BatchID) async throws(StoreError) {
        try await writer.write { session throws(SQLiteError) in try session.close(batch) }
    }

    package func openBatches() async throws(StoreError) -> [OpenBatch] {
        try await readers.read { connection throws(SQLiteError) in
            let query = try connection.statement(
                """
                SELECT batch_id, tenant_id, provider, price, state, provider_batch, changed_at
                FROM batches ORDER BY batch_id
                """)
            var heads: [OpenBatch] = []
            try query.each { row throws(SQLiteError) in heads.append(try OpenBatch(row)) }
            var batches: [OpenBatch] = []
            for head in heads {
                batches.append(OpenBatch(head, calls: try connection.calls(of: head.id)))
            }
            return batches
        }
    }
}

extension Connection {
    /// Open and settled alike, in the order of their attempts.
    fileprivate func calls(of batch: BatchID) throws(SQLiteError) -> [OpenBatch.Call] {
        let query = try statement(
            """
            SELECT \(LedgerColumns.intent), \(LedgerColumns.outcome), job_id, epoch, worst_input,
                worst_output, number
            FROM batch_calls JOIN ai_usage_log USING (attempt_id) WHERE batch_id = ?1
            UNION ALL
            SELECT \(LedgerColumns.intent), \(LedgerColumns.openOutcome), job_id, epoch,
                worst_input, worst_output, number
            FROM batch_calls JOIN open_attempts USING (attempt_id) WHERE batch_id = ?1
            ORDER BY attempt_id
            """)
        query.bind(batch.description)
        var calls: [OpenBatch.Call] = []
        try query.each { row throws(SQLiteError) in
            guard let job = JobID(row.text(34)), let number = Int(exactly: row.int64(38)) else {
                throw .corrupt("a call of batch \(batch) can't be read")
            }
            calls.append(
                OpenBatch.Call(
                    row: try LedgerRow(row), job: job, epoch: row.int64(35), number: number,
                    input: row.int64(36), output: row.int64(37)))
        }
        return calls
    }
}

extension OpenBatch {
    fileprivate init(_ head: OpenBatch, calls: [Call]) {
        self.init(
            id: head.id, tenant: head.tenant, provider: head.provider, price: head.price,
            state: head.state, changedAt: head.changedAt, calls: calls)
    }

    /// Without its calls.
    fileprivate init(_ row: borrowing Row) throws(SQLiteError) {
        let text = row.text(0)
        let state: State? =
            switch row.text(4) {
            case "held": .held
            case "submitting": .submitting
            default: Slug(row.text(5)).map { .submitted($0) }
            }
        guard let id = BatchID(text), let tenant = TenantID(row.int64(1)),
            let provider = ProviderName(row.text(2)),
            let price = ModelPrice(document: row.text(3)), let state
        else { throw .corrupt("batch \(text) can't be read") }
        self.init(
            id: id, tenant: tenant, provider: provider, price: price, state: state,
            changedAt: Timestamp(milliseconds: row.int64(6)), calls: [])
    }
}
