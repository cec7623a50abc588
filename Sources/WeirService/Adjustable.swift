import Synchronization

/// A setting that may be replaced while calls run: each one takes it as it finds it.
package final class Adjustable<Value: Sendable>: Sendable {
    private let value: Mutex<Value>

    package init(_ value: Value) { self.value = Mutex(value) }

    package var current: Value { value.withLock { $0 } }

    package func replace(_ next: Value) { value.withLock { $0 = next } }
}
