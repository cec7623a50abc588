import Synchronization
import WeirCore
package import WeirService

/// A directory store without a disk, with a real chain of digests. Can be told to fail.
package final class InMemoryDirectoryStore: DirectoryStore {
    fileprivate struct State {
        var contents: DirectoryContents
        var entries: [RecordedAuditEntry] = []
        var events: [String] = []
        var failure: StoreError?
    }
    private let state: Mutex<State>

    package init(_ contents: DirectoryContents = DirectoryContents()) {
        state = Mutex(State(contents: contents))
    }

    /// What every later write answers; nil lets them through again.
    package func fail(with error: StoreError?) { state.withLock { $0.failure = error } }

    /// Every entry, oldest first.
    package var audit: [AuditEntry] { state.withLock { $0.entries.map(\.entry) } }

    /// The types of every event, oldest first.
    package var events: [String] { state.withLock { $0.events } }

    package func loadDirectory() async throws(StoreError) -> DirectoryContents {
        state.withLock { $0.contents }
    }

    package func apply(
        _ change: DirectoryChange, audit: AuditEntry
    ) async throws(StoreError) {
        try write { state in
            switch change {
            case .putTenant(let tenant):
                state.contents.tenants.removeAll { $0.id == tenant.id }
                state.contents.tenants.append(tenant)
            case .putKeys(let keys):
                state.contents.keys.removeAll { old in keys.contains { $0.id == old.id } }
                state.contents.keys += keys
            case .engage(let target, true): state.contents.switches.engaged.insert(target)
            case .engage(let target, false): state.contents.switches.engaged.remove(target)
            case .addPrices(let document): state.contents.prices.append(document)
            }
            state.chain(audit)
        }
    }

    package func append(_ entry: AuditEntry) async throws(StoreError) {
        try write { $0.chain(entry) }
    }

    package func append(_ entry: AuditEntry, event: String) async throws(StoreError) {
        try write { state in
            state.chain(entry)
            state.events.append(event)
        }
    }

    package func auditEntries(
        below cursor: Int64?, limit: Int
    ) async throws(StoreError) -> [RecordedAuditEntry] {
        state.withLock { state in
            Array(
                state.entries.reversed().filter { $0.sequence < cursor ?? .max }.prefix(limit))
        }
    }

    package func verifyAudit(
        checkpoint: AuditCheckpoint?
    ) async throws(StoreError) -> AuditVerdict {
        state.withLock { state in
            if let checkpoint {
                let noted = state.entries.first { $0.sequence == checkpoint.sequence }
                guard noted?.hash == checkpoint.hash else {
                    return .broken(at: checkpoint.sequence, reason: "the checkpoint is not in it")
                }
            }
            let head = state.entries.last.map {
                AuditCheckpoint(sequence: $0.sequence, hash: $0.hash)
            }
            return .sound(entries: Int64(state.entries.count), head: head)
        }
    }

    private func write(_ change: (inout State) -> Void) throws(StoreError) {
        let failure = state.withLock { state -> StoreError? in
            if state.failure == nil { change(&state) }
            return state.failure
        }
        if let failure { throw failure }
    }
}

extension InMemoryDirectoryStore.State {
    fileprivate mutating func chain(_ entry: AuditEntry) {
        let text = "\(entry.at.milliseconds) \(entry.actor) \(entry.action) \(entry.subject)"
        let hash = sha256((entries.last?.hash ?? []) + Array(text.utf8))
        entries.append(
            RecordedAuditEntry(sequence: Int64(entries.count + 1), entry: entry, hash: hash))
    }
}
