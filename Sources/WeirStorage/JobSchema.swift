/// The tables of queued jobs, a migration of `Schema`. Append-only as all of them.
enum JobSchema {
    /// `moment` is when a queued job is due, when a claim's lease runs out, when a job has ended.
    /// `is_ready` marks the queued ones that are due, as of the last claim; each tenant's count of
    /// them is its `ready`. With these a claim touches a few entries of an index, whatever waits.
    ///
    /// Requests and results lie apart, so that a change of state doesn't write them anew.
    static let tables = """
        CREATE TABLE jobs (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            job_id TEXT NOT NULL UNIQUE,
            tenant_id INTEGER NOT NULL CHECK (tenant_id > 0),
            user_id INTEGER NOT NULL CHECK (user_id >= 0),
            queue TEXT NOT NULL,
            priority INTEGER NOT NULL,
            accepted_at INTEGER NOT NULL,
            deadline INTEGER NOT NULL,
            waits_for_budget INTEGER NOT NULL CHECK (waits_for_budget IN (0, 1)),
            status TEXT NOT NULL CHECK (status IN
                ('queued', 'processing', 'complete', 'failed', 'cancelled')),
            moment INTEGER NOT NULL,
            waits_for TEXT CHECK ((waits_for IS NOT NULL) = (status = 'queued')),
            error TEXT CHECK ((error IS NOT NULL) = (status = 'failed')),
            message TEXT CHECK ((message IS NOT NULL) = (status = 'failed')),
            attempts INTEGER NOT NULL CHECK (attempts >= 0),
            epoch INTEGER NOT NULL CHECK (epoch >= attempts),
            is_ready INTEGER NOT NULL CHECK (is_ready = 0 OR status = 'queued'),
            idempotency_key TEXT,
            fingerprint BLOB CHECK ((fingerprint IS NULL) = (idempotency_key IS NULL))
        ) STRICT;
        CREATE INDEX jobs_ready ON jobs (queue, tenant_id, priority DESC, seq) WHERE is_ready = 1;
        CREATE INDEX jobs_waiting ON jobs (queue, moment)
            WHERE status = 'queued' AND is_ready = 0;
        CREATE INDEX jobs_parked ON jobs (waits_for, tenant_id, seq)
            WHERE status = 'queued' AND is_ready = 0;
        CREATE INDEX jobs_claimed ON jobs (queue, moment) WHERE status = 'processing';
        CREATE INDEX jobs_to_expire ON jobs (deadline) WHERE status = 'queued';
        CREATE INDEX jobs_ended ON jobs (queue, moment)
            WHERE status IN ('complete', 'failed', 'cancelled');
        CREATE INDEX jobs_by_tenant ON jobs (tenant_id, seq);
        CREATE INDEX jobs_by_tenant_status ON jobs (tenant_id, status, seq);
        CREATE INDEX jobs_by_status ON jobs (status, seq);
        CREATE UNIQUE INDEX jobs_by_key ON jobs (tenant_id, idempotency_key)
            WHERE idempotency_key IS NOT NULL;

        CREATE TABLE job_requests (
            seq INTEGER PRIMARY KEY,
            body BLOB NOT NULL CHECK (length(body) <= 67108864)
        ) STRICT;
        CREATE TABLE job_results (
            seq INTEGER PRIMARY KEY,
            body BLOB NOT NULL CHECK (length(body) <= 67108864)
        ) STRICT;

        CREATE TABLE job_turns (
            queue TEXT NOT NULL,
            tenant_id INTEGER NOT NULL,
            mark INTEGER NOT NULL,
            ready INTEGER NOT NULL CHECK (ready >= 0),
            unfinished INTEGER NOT NULL CHECK (unfinished >= ready),
            PRIMARY KEY (queue, tenant_id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX job_turns_next ON job_turns (queue, mark, tenant_id) WHERE ready > 0;
        CREATE TABLE job_queues (
            queue TEXT PRIMARY KEY,
            present INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        """

    /// What a job's row knows of its request, its claims, and the answers that it has so far.
    ///
    /// `jobs_due` takes the place of `jobs_waiting`: the first of it says how far a queue lags.
    static let progress = """
        ALTER TABLE jobs ADD COLUMN feature TEXT NOT NULL DEFAULT 'default';
        ALTER TABLE jobs ADD COLUMN calls INTEGER NOT NULL DEFAULT 1 CHECK (calls > 0);
        ALTER TABLE jobs ADD COLUMN answered INTEGER NOT NULL DEFAULT 0
            CHECK (answered BETWEEN 0 AND calls);
        ALTER TABLE jobs ADD COLUMN claimed_at INTEGER;
        ALTER TABLE jobs ADD COLUMN changed_at INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE jobs ADD COLUMN webhook TEXT;
        ALTER TABLE jobs ADD COLUMN is_report INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE jobs ADD COLUMN is_batch INTEGER NOT NULL DEFAULT 0;
        UPDATE jobs SET changed_at = accepted_at;

        DROP INDEX jobs_waiting;
        CREATE INDEX jobs_due ON jobs (queue, is_ready, moment) WHERE status = 'queued';
        CREATE INDEX jobs_finished ON jobs (queue, feature, moment) WHERE status = 'complete';
        CREATE INDEX jobs_by_queue ON jobs (queue, seq);

        CREATE TABLE job_answers (
            seq INTEGER NOT NULL,
            number INTEGER NOT NULL CHECK (number >= 0),
            is_error INTEGER NOT NULL CHECK (is_error IN (0, 1)),
            body BLOB NOT NULL CHECK (length(body) <= 67108864),
            PRIMARY KEY (seq, number)
        ) STRICT;
        CREATE TABLE job_attempts (
            seq INTEGER NOT NULL,
            epoch INTEGER NOT NULL,
            number INTEGER NOT NULL,
            claimed_at INTEGER NOT NULL,
            ended_at INTEGER,
            outcome TEXT,
            error TEXT,
            PRIMARY KEY (seq, epoch)
        ) STRICT, WITHOUT ROWID;

        """
}
