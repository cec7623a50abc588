import Crypto
import WeirCore

/// The rows that turn terminal in one transaction, to be vouched for by one audit entry.
struct SettledBatch {
    private var rows = CanonicalBytes()
    private var members: [UInt8] = []
    private var latest: Int64 = .min

    static let action = "ledger.batch"

    /// A point to which a batch can be cut back.
    struct Mark {
        fileprivate let rows: Int
        fileprivate let members: Int
        fileprivate let latest: Int64
    }

    var count: Int { members.count / 8 }
    var mark: Mark { Mark(rows: rows.bytes.count, members: members.count, latest: latest) }

    mutating func add(_ row: LedgerRow, _ outcome: LedgerRow.Outcome) {
        rows.append(row, outcome)
        appendMember(row.attempt)
        latest = max(latest, outcome.settledAt.milliseconds)
    }

    mutating func cut(to mark: Mark) {
        rows.truncate(to: mark.rows)
        members.removeLast(members.count - mark.members)
        latest = mark.latest
    }

    mutating func removeAll() {
        rows.removeAll()
        members.removeAll(keepingCapacity: true)
        latest = .min
    }

    /// The entry for what was added; nil where nothing was.
    func entry() -> ChainEntry? {
        let attempts = SettledBatch.attempts(members)
        guard let first = attempts.first, let last = attempts.last else { return nil }
        var details = JSONWriter(capacity: 192)
        details.beginObject()
        details.member("rows", Int64(attempts.count))
        details.member("first", String(first.number))
        details.member("last", String(last.number))
        details.member("sha256", digest())
        details.endObject()
        return ChainEntry(
            at: latest, actor: "weir", action: SettledBatch.action, tenant: nil,
            subject: "ai_usage_log", details: details.bytes, members: members)
    }

    /// SHA-256 over the rows in order, in hexadecimal digits.
    func digest() -> String {
        var text: [UInt8] = []
        text.reserveCapacity(64)
        for byte in SHA256.hash(data: rows.bytes) {
            text.append(hexDigits[Int(byte >> 4)])
            text.append(hexDigits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The attempts out of an entry's members.
    static func attempts(_ members: [UInt8]) -> [AttemptID] {
        stride(from: 0, to: members.count - members.count % 8, by: 8).map { start in
            var number: UInt64 = 0
            for byte in members[start..<(start + 8)] { number = number << 8 | UInt64(byte) }
            return AttemptID(number: Int64(bitPattern: number))
        }
    }

    private mutating func appendMember(_ attempt: AttemptID) {
        let number = UInt64(bitPattern: attempt.number)
        for shift in stride(from: UInt64(56), through: 0, by: -8) {
            members.append(UInt8(truncatingIfNeeded: number >> shift))
        }
    }
}

private let hexDigits = Array("0123456789abcdef".utf8)
