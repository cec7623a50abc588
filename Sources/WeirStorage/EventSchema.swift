/// What events and webhooks need beside the outbox itself, a migration of `Schema`. Append-only as
/// all of them.
enum EventSchema {
    /// A delivery keeps its body, because its event may be forgotten before it. `moment` is when
    /// the next try is due, or when it has ended.
    static let tables = """
        ALTER TABLE events ADD COLUMN user_id INTEGER;
        UPDATE events SET user_id = json_extract(payload, '$.user_id')
            WHERE type IN ('JobCompleted', 'JobFailed');
        CREATE INDEX events_by_tenant ON events (tenant_id, seq);
        CREATE INDEX events_by_user ON events (tenant_id, user_id, seq)
            WHERE user_id IS NOT NULL;

        CREATE TABLE webhook_deliveries (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            delivery_id TEXT NOT NULL UNIQUE,
            tenant_id INTEGER NOT NULL CHECK (tenant_id > 0),
            url TEXT NOT NULL,
            body TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'given_up')),
            moment INTEGER NOT NULL,
            attempts INTEGER NOT NULL CHECK (attempts >= 0),
            outcome TEXT
        ) STRICT;
        CREATE INDEX webhooks_due ON webhook_deliveries (moment, seq) WHERE state = 'waiting';
        CREATE INDEX webhooks_ended ON webhook_deliveries (moment) WHERE state <> 'waiting';

        """

    /// For whoever looks at what has reached nobody: most have.
    static let openDeliveries = """
        CREATE INDEX webhooks_open ON webhook_deliveries (seq) WHERE state <> 'delivered';

        """
}
