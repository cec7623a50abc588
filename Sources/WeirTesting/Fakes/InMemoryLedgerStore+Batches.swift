import Synchronization
package import WeirCore
package import WeirService

extension InMemoryLedgerStore: BatchStore {
    package func open(_ batch: OpenBatch) async throws(StoreError) {
        try write { state in
            state.batches[batch.id] = batch
            for call in batch.calls { state.rows[call.row.attempt] = call.row }
        }
    }

    package func mark(
        _ batch: BatchID, _ state: OpenBatch.State, at now: Timestamp
    ) async throws(StoreError) {
        try write { stored in
            guard let kept = stored.batches[batch] else { return }
            stored.batches[batch] = OpenBatch(
                id: kept.id, tenant: kept.tenant, provider: kept.provider, price: kept.price,
                state: state, changedAt: now, calls: kept.calls)
        }
    }

    package func openBatches() async throws(StoreError) -> [OpenBatch] {
        state.withLock { state in
            state.batches.values.map { batch in
                OpenBatch(
                    id: batch.id, tenant: batch.tenant, provider: batch.provider,
                    price: batch.price, state: batch.state, changedAt: batch.changedAt,
                    calls: batch.calls.map { call in
                        OpenBatch.Call(
                            row: state.rows[call.row.attempt] ?? call.row, job: call.job,
                            epoch: call.epoch, number: call.number, input: call.input,
                            output: call.output)
                    })
            }.sorted { $0.id.description < $1.id.description }
        }
    }

    package func close(_ batch: BatchID) async throws(StoreError) {
        let isOpen = state.withLock { state in
            state.batches[batch]?.calls.contains {
                state.rows[$0.row.attempt]?.state == .intent
            } ?? false
        }
        guard !isOpen else { throw .refused("batch \(batch) has open calls") }
        try write { $0.batches[batch] = nil }
    }
}
