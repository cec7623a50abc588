import Synchronization

/// Why nothing can be written any more. Set once; only opening the store anew clears it.
final class StoreHealth: Sendable {
    private let reason = Mutex<String?>(nil)

    var failure: String? { reason.withLock { $0 } }

    /// The first reason stays.
    func fail(_ reason: String) {
        self.reason.withLock { $0 = $0 ?? reason }
    }
}
