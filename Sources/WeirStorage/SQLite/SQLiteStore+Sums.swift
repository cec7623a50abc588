import Logging
package import WeirCore
package import WeirService

/// What became of counting the sums anew.
package enum SumsVerdict: Sendable, Equatable {
    /// Every sum is what its settled rows make.
    case sound(rows: Int64)
    /// The first sum that differs, in words, and how many do.
    case differing(String, count: Int)
    /// It goes on in the background; a difference ends all writing then.
    case pending
}

/// What became of a repair of the sums.
package enum SumsRepair: Sendable, Equatable {
    /// Every sum was what its rows make.
    case unneeded
    /// Each difference, in words.
    case repaired([String])
    /// The rows themselves aren't what the audit chain vouches for.
    case refused(String)
}

extension SQLiteStore {
    /// Compares the sums that budgets start from with their rows, from a month on: planted sums of
    /// months to come would be found by nobody before they count. Before `recover`, and once.
    ///
    /// - Parameter limit: How long the caller waits. What takes longer goes on beside the store's
    ///   work; a difference, or a row that can't be read, then ends all writing, and the file is
    ///   marked: its next check is waited for to the end.
    package func checkSums(
        from period: Period, waitingAtMost limit: Duration
    ) async throws(StoreError) -> SumsVerdict {
        let range = SumRange(from: period)
        let (check, path, isMarked) = try await readers.read { connection throws(SQLiteError) in
            (
                try SumCheck(connection, range), try connection.mainFile(),
                try connection.hasDoubtfulSums
            )
        }
        sums.start(check, path: path) { [writer, logger] outcome in
            switch outcome {
            case .success(.sound(let rows)):
                logger.info("the ledger's sums are its rows'", metadata: ["rows": "\(rows)"])
            case .success(.pending): break
            case .success(.differing(let first, let count)):
                writer.endForSums("\(count) sums of the ledger aren't their rows'; \(first)")
            case .failure(let error): writer.endForSums("\(error)")
            }
        }
        let limit = isMarked ? nil : limit
        guard let outcome = await sums.outcome(within: limit) else { return .pending }
        return try outcome.get()
    }

    /// Sets every sum to what its rows make, with an audit entry of the differences. Every month
    /// is counted in one transaction: for a store that serves nobody.
    package func rebuildSums(now: Timestamp) async throws(StoreError) -> SumsRepair {
        try await writer.write { session throws(SQLiteError) in
            try session.rebuildSums(now: now)
        }
    }
}

extension SumRange {
    /// A row's id is never below the moment of its creation, and no zone is a day off UTC: the
    /// rows of a month are all above what was given out the day before it began.
    fileprivate init(from period: Period) {
        let start = BillingCalendar().start(of: period, in: "UTC").advanced(seconds: -86_400)
        self.init(period: period.column, after: AttemptID.lowest(at: start).number - 1)
    }
}

extension Writer {
    /// Marks the file, then ends all writing, whether the mark could be written or not.
    fileprivate func endForSums(_ reason: String) {
        // Unstructured: it is called on a thread that must not wait.
        Task {
            do {
                try await write { session throws(SQLiteError) in
                    try session.connection.markSums(asDoubtful: true)
                }
            } catch {
                // Then the next start is bounded as any other, and finds the same.
            }
            fail(reason)
        }
    }
}

extension Connection {
    /// Whether sums were found to differ after a start had gone on without waiting. Kept in the
    /// file's header, in the place of an application's own number.
    fileprivate var hasDoubtfulSums: Bool {
        get throws(SQLiteError) { try value("PRAGMA application_id") == "1" }
    }

    func markSums(asDoubtful isDoubtful: Bool) throws(SQLiteError) {
        try execute("PRAGMA application_id = \(isDoubtful ? 1 : 0)")
    }

    fileprivate func mainFile() throws(SQLiteError) -> String {
        guard let path = try value("SELECT file FROM pragma_database_list WHERE name = 'main'")
        else { throw .corrupt("the database has no file") }
        return path
    }
}
