import Crypto

/// The audit log's chain: every entry's hash covers the entry and the hash before it.
struct AuditChain: Equatable {
    /// The last entry's number; entries are dense from 1.
    private(set) var sequence: Int64
    /// The last entry's hash; zeros before the first.
    private(set) var hash: [UInt8]

    static let empty = AuditChain(sequence: 0, hash: [UInt8](repeating: 0, count: 32))

    init(sequence: Int64, hash: [UInt8]) {
        self.sequence = sequence
        self.hash = hash
    }

    /// Chains the next entry.
    mutating func advance(_ entry: ChainEntry) {
        sequence += 1
        var encoding = CanonicalBytes()
        encoding.append(hash)
        encoding.append(sequence)
        encoding.append(entry.at)
        encoding.append(entry.actor)
        encoding.append(entry.action)
        encoding.append(entry.tenant)
        encoding.append(entry.subject)
        encoding.append(entry.details)
        encoding.append(entry.members)
        hash = Array(SHA256.hash(data: encoding.bytes))
    }
}

/// An audit entry as it is stored.
struct ChainEntry: Equatable {
    var at: Int64
    var actor: String
    var action: String
    var tenant: Int64?
    var subject: String
    /// JSON text, byte for byte.
    var details: [UInt8]
    /// The attempts that this entry vouches for, eight bytes each, most significant first.
    var members: [UInt8] = []
}
