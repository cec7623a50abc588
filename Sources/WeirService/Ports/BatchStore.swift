package import WeirCore

/// Where it is kept which calls wait for a provider's batch. Every write returns only after it is
/// durable; it is the ledger's own file, so that an INTENT and its batch are one transaction.
///
/// What stands here `LedgerStore.recover` leaves open: money is held for it until there is
/// evidence of what became of it.
package protocol BatchStore: Sendable {
    /// The INTENTs of a batch's calls, and the batch.
    func open(_ batch: OpenBatch) async throws(StoreError)

    /// What the batch has come to. Before the creation is sent: that it is.
    func mark(
        _ batch: BatchID, _ state: OpenBatch.State, at now: Timestamp
    ) async throws(StoreError)

    /// Every batch that isn't closed, the oldest first; calls that are settled with their
    /// terminal rows.
    func openBatches() async throws(StoreError) -> [OpenBatch]

    /// Forgets a batch. Refused while a call of it is open: an attempt that nothing remembers
    /// would be settled as in doubt.
    func close(_ batch: BatchID) async throws(StoreError)
}
