import Crypto
import Foundation
import WeirCore

/// One attempt that has its money held and its INTENT durable: it may be sent.
struct Attempt: Sendable {
    let row: LedgerRow
    let worst: WorstCase
    let route: Route
    let provider: ProviderSetup
    let request: EncodedRequest
    let claim: IdempotencyClaim?
}

/// How a sent attempt ended: for the ledger, and for the caller.
struct AttemptEnd: Sendable {
    let charge: Charge.End
    let answer: Result<ChatReply, WeirError>
}

extension CompletionCall {
    /// UTF-8 bytes of everything that the model reads; where the tokenizer normalises text, of the
    /// longer one of the two forms (NFKC can grow text elevenfold).
    func textBytes(normalised: Bool) -> Int64 {
        var sum: Int64 = 0
        for text in [system ?? ""] + messages.map(\.text) {
            var count = text.utf8.count
            if normalised, !text.utf8.allSatisfy({ $0 < 0x80 }) {
                count = max(count, text.precomposedStringWithCompatibilityMapping.utf8.count)
            }
            sum += Int64(count)
        }
        return sum
    }

    /// SHA-256 over the conversation as it is sent: for each part, the system prompt first, its
    /// role, a line feed, its length in bytes, a line feed, its text.
    var promptDigest: [UInt8] {
        var hasher = SHA256()
        func add(_ role: String, _ text: String) {
            hasher.update(data: Array("\(role)\n\(text.utf8.count)\n".utf8))
            hasher.update(data: Array(text.utf8))
        }
        if let system { add("system", system) }
        for message in messages { add(message.role.rawValue, message.text) }
        return Array(hasher.finalize())
    }
}

extension ChatReply {
    /// Everything that was generated and can be seen, in bytes.
    var visibleBytes: Int {
        toolCalls.reduce(text.utf8.count) {
            $0 + $1.name.utf8.count + $1.arguments.encoded.count
        }
    }
}
