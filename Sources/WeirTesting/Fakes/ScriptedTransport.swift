import Synchronization
package import WeirCore
package import WeirService

/// A transport without a network: answers what a test tells it, and keeps what was sent.
package final class ScriptedTransport: ProviderTransport {
    private struct State {
        var calls: [UpstreamCall] = []
        var dead: Set<ProviderName> = []
    }
    private let state = Mutex(State())
    private let script: @Sendable (UpstreamCall) async -> UpstreamOutcome

    package init(_ script: @escaping @Sendable (UpstreamCall) async -> UpstreamOutcome) {
        self.script = script
    }

    /// Every call, in order of sending.
    package var calls: [UpstreamCall] { state.withLock { $0.calls } }

    /// Whether probes of a provider fail.
    package func setDead(_ isDead: Bool, _ provider: ProviderName) {
        state.withLock { state in
            if isDead { state.dead.insert(provider) } else { state.dead.remove(provider) }
        }
    }

    package func send(_ call: UpstreamCall) async -> UpstreamOutcome {
        state.withLock { $0.calls.append(call) }
        return await script(call)
    }

    package func probe(
        _ provider: ProviderName, path: String, headers: [HeaderField]
    ) async -> Bool {
        state.withLock { !$0.dead.contains(provider) }
    }
}
