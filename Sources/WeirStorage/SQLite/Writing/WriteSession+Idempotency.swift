import WeirCore
import WeirService

extension WriteSession {
    /// How many idempotency records one transaction looks at; it does so after half as many claims.
    private static let purgeStep = 64

    /// - Returns: Nil where the key is the row's request's now; else who holds it.
    func take(
        _ claim: IdempotencyClaim, for row: LedgerRow
    ) throws(SQLiteError) -> IdempotencyRecord? {
        let insert = ledger.claim
        insert.bind(claim.tenant.number)
        insert.bind(claim.key)
        insert.bind(blob: claim.fingerprint)
        insert.bind(row.request.description)
        insert.bind(row.attempt.number)
        insert.bind(claim.expiresAt.milliseconds)
        insert.bind(row.createdAt.milliseconds)
        claimsSincePurge += 1
        if try insert.run() == 1 { return nil }
        let query = try connection.statement(IdempotencyRecord.query)
        query.bind(claim.tenant.number)
        query.bind(claim.key)
        guard let holder = try query.first(IdempotencyRecord.init) else {
            throw .corrupt("the idempotency key is neither free nor held")
        }
        return holder
    }

    /// A claim that isn't this request's stays as it is: the settlement matters more.
    func resolve(_ claim: ClaimResolution, for request: RequestID) throws(SQLiteError) {
        switch claim {
        case .complete(let claim, let reply):
            let complete = ledger.completeClaim
            complete.bind(Int64(reply.status))
            complete.bind(blob: reply.body)
            complete.bind(reply.contentType == CompletionReply.json ? nil : reply.contentType)
            complete.bind(claim.expiresAt.milliseconds)
            complete.bind(claim.tenant.number)
            complete.bind(claim.key)
            complete.bind(request.description)
            try complete.run()
        case .free(let claim):
            try freeClaim(tenant: claim.tenant.number, key: claim.key, request: request.description)
        }
    }

    func freeClaim(tenant: Int64, key: String, request: String) throws(SQLiteError) {
        let free = ledger.freeClaim
        free.bind(tenant)
        free.bind(key)
        free.bind(request)
        try free.run()
    }

    /// Deletes expired answers, a few at a time. Goes through the records in the order of their
    /// age, twice as fast as new ones come in, and starts again at the end.
    func purgeIdempotency() throws(SQLiteError) {
        guard claimsSincePurge >= WriteSession.purgeStep / 2 else { return }
        claimsSincePurge = 0
        let query = try connection.statement(
            "SELECT id, status IS NOT NULL AND expires_at <= ? FROM idempotency "
                + "WHERE id > ? ORDER BY id LIMIT \(WriteSession.purgeStep)")
        query.bind(latest.milliseconds)
        query.bind(purgedUpTo)
        var expired: [Int64] = []
        var last: Int64 = 0
        try query.each { row throws(SQLiteError) in
            last = row.int64(0)
            if row.bool(1) { expired.append(last) }
        }
        let delete = try connection.statement("DELETE FROM idempotency WHERE id = ?")
        for id in expired {
            delete.bind(id)
            try delete.run()
        }
        purgedUpTo = last
    }
}

extension IdempotencyRecord {
    static let query = """
        SELECT fingerprint, request_id, status, body, content_type FROM idempotency
        WHERE tenant_id = ? AND key = ?
        """

    init(_ row: borrowing Row) throws(SQLiteError) {
        guard let request = RequestID(row.text(1)) else {
            throw .corrupt("an idempotency record can't be read")
        }
        var reply: StoredReply?
        if let status = row.optionalInt64(2) {
            guard let status = Int(exactly: status) else {
                throw .corrupt("an idempotency record can't be read")
            }
            reply = StoredReply(
                status: status, body: row.bytes(3),
                contentType: row.optionalText(4) ?? CompletionReply.json)
        }
        self.init(fingerprint: row.bytes(0), request: request, reply: reply)
    }
}
