/// Every migration of the SQLite file, in order. Append-only: a released entry never changes.
///
/// The position in the list is the file's `user_version`. Periods are year × 100 + month, days
/// year × 10,000 + month × 100 + day, times milliseconds since 1970 UTC, money nano-USD.
enum Schema {
    static let migrations: [String] = [
        ledger + idempotency + directory + audit, keptStreams, JobSchema.tables,
        JobSchema.progress, ownLimits, EventSchema.tables, BatchSchema.tables,
        BatchSchema.numbers,
        EventSchema.openDeliveries,
    ]

    static var version: Int64 { Int64(migrations.count) }

    /// An attempt is in `open_attempts` from its INTENT to its end, then in `ai_usage_log` for
    /// good. The log is never updated, so its pages are written once, in the order of time; that is
    /// cheaper than growing a row in place, and recovery has only the open ones to read.
    ///
    /// The primary keys make an attempt unique in each table, the writer in both. A request's
    /// attempt numbers are unique among the open ones; over the whole log that would take an index
    /// of random text. `INSERT OR REPLACE` goes around the triggers; the audit chain shows it.
    private static let ledger = """
        CREATE TABLE open_attempts (
            attempt_id INTEGER PRIMARY KEY,
            request_id TEXT NOT NULL,
            attempt_no INTEGER NOT NULL CHECK (attempt_no >= 1),
            tenant_id INTEGER NOT NULL CHECK (tenant_id > 0),
            user_id INTEGER NOT NULL CHECK (user_id >= 0),
            feature TEXT NOT NULL,
            key_id TEXT NOT NULL,
            provider TEXT NOT NULL,
            model TEXT NOT NULL,
            upstream_model TEXT NOT NULL,
            period INTEGER NOT NULL,
            day INTEGER NOT NULL,
            held_nanos INTEGER NOT NULL CHECK (held_nanos >= 0),
            price_version TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            prompt_digest BLOB NOT NULL,
            UNIQUE (request_id, attempt_no)
        ) STRICT;

        CREATE TABLE ai_usage_log (
            attempt_id INTEGER PRIMARY KEY,
            request_id TEXT NOT NULL,
            attempt_no INTEGER NOT NULL CHECK (attempt_no >= 1),
            tenant_id INTEGER NOT NULL CHECK (tenant_id > 0),
            user_id INTEGER NOT NULL CHECK (user_id >= 0),
            feature TEXT NOT NULL,
            key_id TEXT NOT NULL,
            provider TEXT NOT NULL,
            model TEXT NOT NULL,
            upstream_model TEXT NOT NULL,
            period INTEGER NOT NULL,
            day INTEGER NOT NULL,
            held_nanos INTEGER NOT NULL CHECK (held_nanos >= 0),
            price_version TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            prompt_digest BLOB NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('call', 'replay', 'cache', 'adjustment')),
            state TEXT NOT NULL CHECK (state IN ('settled', 'void')),
            status TEXT NOT NULL,
            basis TEXT NOT NULL CHECK (basis IN ('reported', 'estimated', 'worst_case', 'none')),
            cost_nanos INTEGER NOT NULL,
            input_tokens INTEGER NOT NULL CHECK (input_tokens >= 0),
            output_tokens INTEGER NOT NULL CHECK (output_tokens >= 0),
            cache_read_tokens INTEGER NOT NULL CHECK (cache_read_tokens >= 0),
            cache_write_5m_tokens INTEGER NOT NULL CHECK (cache_write_5m_tokens >= 0),
            cache_write_1h_tokens INTEGER NOT NULL CHECK (cache_write_1h_tokens >= 0),
            reasoning_tokens INTEGER NOT NULL CHECK (reasoning_tokens >= 0),
            web_searches INTEGER NOT NULL CHECK (web_searches >= 0),
            service_tier TEXT,
            in_doubt INTEGER NOT NULL CHECK (in_doubt IN (0, 1)),
            usage_suspect INTEGER NOT NULL CHECK (usage_suspect IN (0, 1)),
            settled_at INTEGER NOT NULL,
            answer_digest BLOB NOT NULL,
            adjusts INTEGER,
            CHECK (cost_nanos >= 0 OR kind = 'adjustment'),
            CHECK (cost_nanos = 0 OR (kind IN ('call', 'adjustment') AND state = 'settled')),
            CHECK (cache_read_tokens + cache_write_5m_tokens + cache_write_1h_tokens
                <= input_tokens),
            CHECK (reasoning_tokens <= output_tokens),
            CHECK ((adjusts IS NOT NULL) = (kind = 'adjustment')),
            CHECK (input_tokens + output_tokens = 0
                OR (kind <> 'adjustment' AND state = 'settled'))
        ) STRICT;
        CREATE INDEX ai_usage_log_by_tenant ON ai_usage_log (tenant_id, period, attempt_id);
        CREATE INDEX ai_usage_log_adjustments ON ai_usage_log (adjusts)
            WHERE adjusts IS NOT NULL;

        CREATE TRIGGER ai_usage_log_is_final BEFORE UPDATE ON ai_usage_log
            BEGIN SELECT RAISE(ABORT, 'a terminal row of the ledger never changes'); END;
        CREATE TRIGGER ai_usage_log_keeps BEFORE DELETE ON ai_usage_log
            BEGIN SELECT RAISE(ABORT, 'a row of the ledger is never deleted'); END;
        CREATE TRIGGER open_attempts_fixed BEFORE UPDATE ON open_attempts
            BEGIN SELECT RAISE(ABORT, 'an intent never changes'); END;

        CREATE TABLE usage_rollup (
            tenant_id INTEGER NOT NULL,
            period INTEGER NOT NULL,
            dimension TEXT NOT NULL,
            value TEXT NOT NULL,
            calls INTEGER NOT NULL CHECK (calls >= 0),
            input_tokens INTEGER NOT NULL CHECK (input_tokens >= 0),
            output_tokens INTEGER NOT NULL CHECK (output_tokens >= 0),
            -- A sum that leaves 64 bits becomes a real number; the bounds catch it at both ends.
            cost_nanos INTEGER NOT NULL
                CHECK (cost_nanos BETWEEN -9000000000000000000 AND 9000000000000000000),
            PRIMARY KEY (tenant_id, period, dimension, value)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX usage_rollup_totals ON usage_rollup (period) WHERE dimension = 'total';

        CREATE TABLE budget_thresholds (
            tenant_id INTEGER NOT NULL,
            period INTEGER NOT NULL,
            scope TEXT NOT NULL,
            value TEXT NOT NULL,
            percent INTEGER NOT NULL,
            settled_nanos INTEGER NOT NULL,
            limit_nanos INTEGER NOT NULL,
            at INTEGER NOT NULL,
            PRIMARY KEY (tenant_id, period, scope, value, percent)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE events (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            at INTEGER NOT NULL,
            tenant_id INTEGER,
            type TEXT NOT NULL,
            payload TEXT NOT NULL
        ) STRICT;

        """

    /// In the order of claiming, so that bodies lie one after another and the oldest come first.
    private static let idempotency = """
        CREATE TABLE idempotency (
            id INTEGER PRIMARY KEY,
            tenant_id INTEGER NOT NULL,
            key TEXT NOT NULL,
            fingerprint BLOB NOT NULL,
            request_id TEXT NOT NULL,
            attempt_id INTEGER NOT NULL,
            expires_at INTEGER NOT NULL,
            status INTEGER,
            body BLOB,
            CHECK ((status IS NULL) = (body IS NULL)),
            UNIQUE (tenant_id, key)
        ) STRICT;
        CREATE INDEX idempotency_in_flight ON idempotency (id) WHERE status IS NULL;

        """

    /// A kept answer may be a stream. Null is JSON.
    private static let keptStreams = """
        ALTER TABLE idempotency ADD COLUMN content_type TEXT;

        """

    private static let directory = """
        CREATE TABLE tenants (
            tenant_id INTEGER PRIMARY KEY CHECK (tenant_id > 0),
            name TEXT NOT NULL,
            tier TEXT NOT NULL,
            is_active INTEGER NOT NULL,
            expires_at INTEGER,
            budget_nanos INTEGER,
            caps TEXT NOT NULL,
            time_zone TEXT NOT NULL,
            features TEXT NOT NULL,
            models TEXT NOT NULL
        ) STRICT;
        CREATE TABLE service_keys (
            key_id TEXT PRIMARY KEY,
            name TEXT NOT NULL,
            role TEXT NOT NULL,
            reach TEXT,
            digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
            created_at INTEGER NOT NULL,
            ends_at INTEGER
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE kill_switches (target TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
        CREATE TABLE own_prices (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            document TEXT NOT NULL
        ) STRICT;

        """

    /// A JSON object; NULL where a tenant has none of its own.
    private static let ownLimits = """
        ALTER TABLE tenants ADD COLUMN limits TEXT;

        """

    private static let audit = """
        CREATE TABLE audit_log (
            seq INTEGER PRIMARY KEY,
            at INTEGER NOT NULL,
            actor TEXT NOT NULL,
            action TEXT NOT NULL,
            tenant_id INTEGER,
            subject TEXT NOT NULL,
            details TEXT NOT NULL,
            -- The attempts that a ledger.batch vouches for, eight bytes each.
            members BLOB NOT NULL,
            hash BLOB NOT NULL CHECK (length(hash) = 32)
        ) STRICT;
        CREATE TRIGGER audit_log_is_final BEFORE UPDATE ON audit_log
            BEGIN SELECT RAISE(ABORT, 'an audit entry never changes'); END;
        CREATE TRIGGER audit_log_keeps BEFORE DELETE ON audit_log
            BEGIN SELECT RAISE(ABORT, 'an audit entry is never deleted'); END;
        CREATE TRIGGER audit_log_once BEFORE INSERT ON audit_log
            WHEN EXISTS (SELECT 1 FROM audit_log WHERE seq = NEW.seq)
            BEGIN SELECT RAISE(ABORT, 'this audit entry exists already'); END;

        """
}
