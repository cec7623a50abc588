import Synchronization

/// By it a caller abandons an exchange, wherever that is then.
final class ExchangeTicket: Sendable {
    private let value = Atomic(false)

    /// Whether it was abandoned, perhaps before the pool saw it.
    var isVoid: Bool { value.load(ordering: .relaxed) }

    func void() { value.store(true, ordering: .relaxed) }
}
