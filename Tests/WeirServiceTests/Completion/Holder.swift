import Synchronization

/// A value that a closure needs before it exists.
final class Holder<Value: Sendable>: Sendable {
    private let value = Mutex<Value?>(nil)

    func set(_ next: Value) { value.withLock { $0 = next } }
    func get() -> Value? { value.withLock { $0 } }
}
