/// The tables of open batches, a migration of `Schema`. Append-only as all of them.
enum BatchSchema {
    /// A batch stands here from its INTENTs until all of them are settled: what is here, recovery
    /// leaves open. `provider_batch` is the provider's own id.
    static let tables = """
        CREATE TABLE batches (
            batch_id TEXT PRIMARY KEY,
            tenant_id INTEGER NOT NULL CHECK (tenant_id > 0),
            provider TEXT NOT NULL,
            price TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('held', 'submitting', 'submitted')),
            provider_batch TEXT CHECK ((provider_batch IS NOT NULL) = (state = 'submitted')),
            changed_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE batch_calls (
            attempt_id INTEGER PRIMARY KEY,
            batch_id TEXT NOT NULL,
            job_id TEXT NOT NULL,
            epoch INTEGER NOT NULL,
            worst_input INTEGER NOT NULL CHECK (worst_input >= 0),
            worst_output INTEGER NOT NULL CHECK (worst_output >= 0)
        ) STRICT;
        CREATE INDEX batch_calls_by_batch ON batch_calls (batch_id);

        """

    /// Which of its job's calls it is.
    static let numbers = """
        ALTER TABLE batch_calls
            ADD COLUMN number INTEGER NOT NULL DEFAULT 0 CHECK (number >= 0);

        """
}
