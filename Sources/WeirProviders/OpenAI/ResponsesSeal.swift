import WeirCore

/// What an item's `encrypted_content` carries: a proof that a provider wants back, OpenAI's own or
/// that of whichever provider answered.
///
/// The item is the only place in this wire for such proofs. Those that belong elsewhere in their
/// own wire are marked, to be known again in the next turn.
enum ResponsesSeal: Sendable, Equatable {
    /// The proof of the thoughts that the item tells.
    case thought(ThoughtSignature)
    /// Thoughts that only their provider can read.
    case redacted(ThoughtSignature)
    /// The proof of the call that comes next.
    case call(ThoughtSignature)

    init(_ text: String) {
        let whole = ThoughtSignature(text, from: .responses)
        if let value = whole.value(behind: ResponsesSeal.redactedMark) {
            self = .redacted(ThoughtSignature(origin: whole.origin, value: value))
        } else if let value = whole.value(behind: ResponsesSeal.callMark) {
            self = .call(ThoughtSignature(origin: whole.origin, value: value))
        } else {
            self = .thought(whole)
        }
    }

    var text: String {
        switch self {
        case .thought(let signature): signature.text(for: .responses)
        case .redacted(let thoughts): thoughts.text(for: .responses, ResponsesSeal.redactedMark)
        case .call(let signature): signature.text(for: .responses, ResponsesSeal.callMark)
        }
    }

    private static let redactedMark = "redacted:"
    private static let callMark = "call:"
}

extension ThoughtSignature {
    /// OpenAI's own proofs have no mark and are read as they are.
    fileprivate func value(behind mark: String) -> String? {
        guard origin != .responses, value.utf8.starts(with: mark.utf8) else { return nil }
        return String(decoding: value.utf8.dropFirst(mark.utf8.count), as: UTF8.self)
    }

    fileprivate func text(for wire: Wire, _ mark: String) -> String {
        guard origin != wire else { return value }
        return ThoughtSignature(origin: origin, value: mark + value).text(for: wire)
    }
}
