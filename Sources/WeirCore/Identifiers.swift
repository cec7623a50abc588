/// A tenant: a positive integer chosen by the system that Weir serves.
package struct TenantID: Sendable, Hashable, Comparable {
    package let number: Int64

    package init?(_ number: Int64) {
        guard number > 0 else { return nil }
        self.number = number
    }

    package static func < (left: TenantID, right: TenantID) -> Bool { left.number < right.number }
}

extension TenantID: CustomStringConvertible {
    package var description: String { String(number) }
}

/// A user of a tenant; 0 where a caller names none.
package struct UserID: Sendable, Hashable {
    package let number: Int64

    package init?(_ number: Int64) {
        guard number >= 0 else { return nil }
        self.number = number
    }

    package static let none = UserID(number: 0)
    private init(number: Int64) { self.number = number }
}

/// One request to one provider: 41 bits of milliseconds since 2025, 10 bits of node, 12 bits of
/// sequence. Time-ordered, which halves the cost of the ledger's index at load.
package struct AttemptID: Sendable, Hashable, Comparable {
    package let number: Int64

    package init(number: Int64) { self.number = number }

    package static func < (left: AttemptID, right: AttemptID) -> Bool { left.number < right.number }
}

/// Text out of an ASCII allow-list. Swift compares strings by canonical equivalence (the Kelvin
/// sign equals K), databases compare bytes; inside the allow-list both agree.
package struct Slug: Sendable, Hashable, CustomStringConvertible {
    package let description: String

    /// Letters, digits and `- _ . : / @ +`; 1 to `limit` bytes.
    package init?(_ text: String, limit: Int = 128) {
        guard (1...limit).contains(text.utf8.count) else { return nil }
        guard text.utf8.allSatisfy(Slug.allows) else { return nil }
        description = text
    }

    private static func allows(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: ":"),
            UInt8(ascii: "/"), UInt8(ascii: "@"), UInt8(ascii: "+"):
            true
        default: false
        }
    }
}

/// The feature that a call belongs to: at most 64 bytes out of the slug alphabet.
package typealias FeatureSlug = Slug
/// A model's name, as callers or providers write it.
package typealias ModelName = Slug
/// A configured provider's name, the key under `providers:`.
package typealias ProviderName = Slug
/// A service key's public id, `key_…`; never the secret.
package typealias KeyID = Slug
/// One call of a client, `req_…`; shared by all its attempts.
package typealias RequestID = Slug
