import NIOConcurrencyHelpers
import NIOCore

/// The open connections, so that stopping the sandbox ends them all.
final class SandboxConnections: Sendable {
    private let open = NIOLockedValueBox<[ObjectIdentifier: any Channel]>([:])

    func add(_ channel: any Channel) {
        let id = ObjectIdentifier(channel)
        open.withLockedValue { $0[id] = channel }
        channel.closeFuture.whenComplete { _ in
            self.open.withLockedValue { _ = $0.removeValue(forKey: id) }
        }
    }

    func closeAll() {
        for channel in open.withLockedValue({ Array($0.values) }) {
            channel.close(promise: nil)
        }
    }
}
