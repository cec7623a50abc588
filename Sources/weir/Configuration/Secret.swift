/// A text that is never printed, logged or written down: only `reveal` gives it away.
struct Secret: Sendable, Equatable {
    private let text: String

    init(_ text: String) { self.text = text }

    /// The secret itself, for the one place that sends or compares it.
    var reveal: String { text }

    static let redacted = "[redacted]"
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    var description: String { Secret.redacted }
    var debugDescription: String { Secret.redacted }
    /// `dump` and test failures print a value's mirror.
    var customMirror: Mirror { Mirror(self, children: [:]) }
}
