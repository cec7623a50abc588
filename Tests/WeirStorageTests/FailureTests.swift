import Testing
import WeirCore
import WeirService
import WeirStorage

/// A store that couldn't make something durable says so, to everybody, until it is opened again.
@Suite struct FailureTests {
    @Test func aFullDiskAtCommitEndsAllWriting() async throws {
        let folder = try StoreFolder()
        let store = try await SQLiteStore.open(path: folder.path)
        let kept = try Sample.intent(1)
        _ = try await store.intend(kept, claim: nil)
        await DiskFaults.whileFull(files(of: folder.path)) {
            _ = await #expect(throws: StoreError.self) {
                _ = try await store.intend(try Sample.intent(2), claim: nil)
            }
        }
        #expect(DiskFaults.count > 0)
        #expect(store.failure != nil)
        // There is room again, and still nothing is written: what the disk has is unknown.
        for _ in 0..<3 { await expectUnavailable(store) }
        // What was durable can still be read.
        #expect(try await store.row(tenant: kept.tenant, attempt: kept.attempt) == kept)
        let log = try fileSize(folder.path + "-wal")
        await store.close()
        #expect(try fileSize(folder.path + "-wal") == log, "closing tried to write again")
        let reopened = try await SQLiteStore.open(path: folder.path)
        #expect(reopened.failure == nil)
        let summary = try await reopened.recover(now: Sample.now)
        #expect(summary.inDoubt == 1)
        #expect(try await reopened.intend(try Sample.intent(3), claim: nil) == .claimed)
        #expect(try await reopened.verifyAudit(checkpoint: nil).isSound)
        await reopened.close()
    }

    @Test func everybodyInTheTransactionLearnsOfItsFailure() async throws {
        try await withStore { store, path in
            let rows = try (1...100).map { try Sample.intent($0) }
            let refused = Counter()
            try await DiskFaults.whileFull(files(of: path)) {
                try await concurrently(rows) { row in
                    do {
                        _ = try await store.intend(row, claim: nil)
                    } catch StoreError.unavailable {
                        refused.add(1)
                    }
                }
            }
            #expect(refused.value == 100)
            #expect(try rawIntegers(path, "SELECT count(*) FROM open_attempts") == [[0]])
        }
    }

    @Test func aCheckpointThatFailsEndsAllWriting() async throws {
        var options = SQLiteStore.Options()
        options.pagesBeforeCheckpoint = 1
        let folder = try StoreFolder()
        let store = try await SQLiteStore.open(path: folder.path, options: options)
        let kept = try Sample.intent(1)
        try await DiskFaults.whileFull([folder.path]) { () async throws in
            // The log can be written, the database can't.
            #expect(try await store.intend(kept, claim: nil) == .claimed)
            await expectUnavailable(store)
        }
        #expect(store.failure?.contains("checkpoint") == true)
        await expectUnavailable(store)
        await store.close()
        // Closing hasn't tried again what failed; the acknowledged row is in the log.
        #expect(try fileSize(folder.path + "-wal") > 0)
        let reopened = try await SQLiteStore.open(path: folder.path)
        #expect(try await reopened.row(tenant: kept.tenant, attempt: kept.attempt) == kept)
        await reopened.close()
    }

    @Test func aBrokenSchemaEndsAllWriting() async throws {
        try await withStore { store, path in
            let row = try Sample.intent(1)
            _ = try await store.intend(row, claim: nil)
            try rawSQL(path, "DROP TABLE usage_rollup")
            await #expect(throws: StoreError.self) {
                try await store.settle(try row.settled(cost: 1), claim: nil)
            }
            #expect(store.failure != nil)
            await expectUnavailable(store)
            // Rolled back as a whole: the attempt is open, for recovery to find.
            #expect(try rawIntegers(path, "SELECT count(*) FROM open_attempts") == [[1]])
            #expect(try rawIntegers(path, "SELECT count(*) FROM ai_usage_log") == [[0]])
        }
    }

    @Test func aRowThatCannotBeReadIsAnErrorAndNoCrash() async throws {
        try await withStore { store, path in
            let row = try Sample.intent(1)
            _ = try await store.intend(row, claim: nil)
            try rawSQL(
                path, "DROP TRIGGER open_attempts_fixed; UPDATE open_attempts SET feature = 'ä'")
            await #expect(throws: StoreError.self) {
                _ = try await store.row(tenant: row.tenant, attempt: row.attempt)
            }
            #expect(try await store.highestAttempt() == row.attempt)
        }
    }

    private func files(of path: String) -> [String] { [path, path + "-wal"] }

    private func expectUnavailable(_ store: SQLiteStore) async {
        do {
            _ = try await store.intend(try Sample.intent(50), claim: nil)
            Issue.record("written after a failure")
        } catch StoreError.unavailable {
        } catch {
            Issue.record("\(error)")
        }
    }
}
