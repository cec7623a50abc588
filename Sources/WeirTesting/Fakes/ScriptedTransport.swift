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

    /// A 2xx of the script comes as one stream of its bytes.
    package func open(
        _ call: UpstreamCall, within limits: StreamLimits
    ) async -> UpstreamOpening {
        switch await send(call) {
        case .reply(let reply) where (200..<300).contains(reply.status):
            .stream(ScriptedBody([.bytes(reply.body), .end]))
        case .reply(let reply): .reply(reply)
        case .notSent(let reason): .notSent(reason)
        case .lost(let loss): .lost(loss)
        }
    }

    package func probe(
        _ provider: ProviderName, path: String, headers: [HeaderField]
    ) async -> Bool {
        state.withLock { !$0.dead.contains(provider) }
    }
}

/// A body out of a list; after its last chunk it goes on to end.
package final class ScriptedBody: UpstreamBody {
    private let chunks: Mutex<[UpstreamChunk]>

    package init(_ chunks: [UpstreamChunk]) { self.chunks = Mutex(chunks) }

    package func next() async -> UpstreamChunk {
        chunks.withLock { $0.isEmpty ? .end : $0.removeFirst() }
    }

    package func noteToken() {}

    package func discard() { chunks.withLock { $0 = [] } }

    package func cancel() { chunks.withLock { $0 = [.lost(.broken("given up"))] } }
}
