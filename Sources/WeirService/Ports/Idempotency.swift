package import WeirCore

/// A client's claim on one execution of a request.
package struct IdempotencyClaim: Sendable, Equatable {
    package let tenant: TenantID
    /// At most 255 bytes of visible ASCII.
    package let key: String
    /// SHA-256 over method, path, tenant and canonical body.
    package let fingerprint: [UInt8]
    package let expiresAt: Timestamp

    package init(tenant: TenantID, key: String, fingerprint: [UInt8], expiresAt: Timestamp) {
        self.tenant = tenant
        self.key = key
        self.fingerprint = fingerprint
        self.expiresAt = expiresAt
    }
}

/// What is known under an idempotency key.
package struct IdempotencyRecord: Sendable, Equatable {
    package let fingerprint: [UInt8]
    package let request: RequestID
    /// The kept answer; nil while the call is in flight.
    package let reply: StoredReply?

    package init(fingerprint: [UInt8], request: RequestID, reply: StoredReply?) {
        self.fingerprint = fingerprint
        self.request = request
        self.reply = reply
    }
}

/// An answer as it went to the client, kept for replays.
package struct StoredReply: Sendable, Equatable {
    package let status: Int
    package let body: [UInt8]
    /// That of a stream, where the answer was one.
    package let contentType: String

    package init(
        status: Int, body: [UInt8], contentType: String = CompletionReply.json
    ) {
        self.status = status
        self.body = body
        self.contentType = contentType
    }
}

package enum ClaimOutcome: Sendable, Equatable {
    case claimed
    case existing(IdempotencyRecord)
}

/// What becomes of a claim when its attempt ends.
package enum ClaimResolution: Sendable, Equatable {
    case complete(IdempotencyClaim, StoredReply)
    /// Nothing was executed: the key is free again.
    case free(IdempotencyClaim)
}
