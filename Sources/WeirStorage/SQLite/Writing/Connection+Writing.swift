extension Connection {
    /// Durability first: WAL with an fsync at each commit, checked, since a setting that silently
    /// doesn't hold would lose acknowledged rows at a power cut.
    func prepareForWriting() throws(SQLiteError) {
        setBusyTimeout(milliseconds: SQLiteStore.busyTimeout)
        guard try value("PRAGMA journal_mode = WAL") == "wal" else {
            throw SQLiteError(code: 1, message: "the file can't use a write-ahead log")
        }
        try execute(
            """
            PRAGMA synchronous = FULL;
            PRAGMA mmap_size = 0;
            PRAGMA foreign_keys = OFF;
            PRAGMA wal_autocheckpoint = 0;
            PRAGMA journal_size_limit = 67108864;
            PRAGMA cache_size = -32768;
            PRAGMA temp_store = MEMORY;
            PRAGMA secure_delete = FAST;
            PRAGMA trusted_schema = OFF;
            """)
        guard try value("PRAGMA synchronous") == "2" else {
            throw SQLiteError(code: 1, message: "synchronous = FULL doesn't hold")
        }
        try migrate()
        defend()
    }

    private func migrate() throws(SQLiteError) {
        let found = try value("PRAGMA user_version").flatMap(Int.init) ?? 0
        guard (0...Schema.migrations.count).contains(found) else {
            throw SQLiteError(
                code: 1,
                message: "the file is of a newer version (\(found)) than this one knows "
                    + "(\(Schema.migrations.count))")
        }
        for (index, migration) in Schema.migrations.enumerated().dropFirst(found) {
            try execute("BEGIN IMMEDIATE;\(migration);PRAGMA user_version = \(index + 1);COMMIT")
        }
    }
}
