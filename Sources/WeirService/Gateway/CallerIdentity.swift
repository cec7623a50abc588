package import WeirCore

/// What an instance calls itself from its start to its end: drawn anew at each start, so that no
/// two are alike.
package typealias InstanceID = Slug

/// Who calls, as a gateway found out, for one request to one instance of the AI service.
package struct CallerIdentity: Sendable, Equatable {
    /// The instance that may accept it; nil: none of the AI service.
    package let audience: InstanceID?
    /// The gateway's own id of the request: both ends log it.
    package let request: RequestID
    package let caller: Caller
    package let issuedAt: Timestamp
    /// Never the same twice.
    package let nonce: Nonce
    /// SHA-256 of the request's body, 32 bytes; of no bytes where there is none.
    package let bodyDigest: [UInt8]

    /// 128 random bits.
    package struct Nonce: Sendable, Hashable {
        let high: UInt64
        let low: UInt64

        /// From 16 bytes; nil for any other number of them.
        package init?(_ bytes: [UInt8]) {
            guard bytes.count == 16 else { return nil }
            func word(_ bytes: ArraySlice<UInt8>) -> UInt64 {
                bytes.reduce(0) { $0 << 8 | UInt64($1) }
            }
            high = word(bytes[..<8])
            low = word(bytes[8...])
        }

        var bytes: [UInt8] {
            [high, low].flatMap { word in
                (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * $0)) }
            }
        }
    }

    package init(
        audience: InstanceID?, request: RequestID, caller: Caller, issuedAt: Timestamp,
        nonce: Nonce, bodyDigest: [UInt8]
    ) {
        self.audience = audience
        self.request = request
        self.caller = caller
        self.issuedAt = issuedAt
        self.nonce = nonce
        self.bodyDigest = bodyDigest
    }

    /// Refuses another body than the gateway saw.
    package func require(body: [UInt8]) throws(WeirError) {
        guard sha256(body) == bodyDigest else {
            throw WeirError(.unauthorized, "The identity was signed for another body")
        }
    }
}
