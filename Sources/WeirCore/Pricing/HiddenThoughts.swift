/// When a model bills thoughts that nobody is shown: they are in no byte of its answer.
///
/// A model that shows every thought as it is, word by word, hides none.
package enum HiddenThoughts: String, Sendable, CaseIterable {
    case never
    /// It thinks only where the request asks for it.
    case onRequest = "on_request"
    /// It thinks unless the request says that it is not to.
    case byDefault = "by_default"
    case always

    /// Whether an answer can have such thoughts.
    ///
    /// - Parameters:
    ///   - effort: what the request says of thinking; nil where it says nothing.
    ///   - hasThoughts: whether the answer shows some, which are then perhaps not all.
    package func arePossible(asked effort: ReasoningEffort?, hasThoughts: Bool) -> Bool {
        switch self {
        case .never: false
        case .onRequest: hasThoughts || effort.map { !$0.isNone } ?? false
        case .byDefault: hasThoughts || effort.map { !$0.isNone } ?? true
        case .always: true
        }
    }
}

extension ReasoningEffort {
    /// Whether the model is told not to think at all.
    fileprivate var isNone: Bool { self == .word("none") || self == .tokens(0) }
}
