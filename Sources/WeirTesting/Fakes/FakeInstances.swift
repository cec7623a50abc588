import Synchronization
package import WeirCore
package import WeirService

/// Instances that do what a test says, then answer 200 with nothing.
package final class FakeInstances: InstanceTransport {
    package enum Plan: Sendable {
        case answer(
            status: Int = 200, headers: [HeaderField] = [], [UpstreamChunk],
            trailers: [HeaderField] = [])
        /// What is fed comes as it is fed.
        case live(FakeBody, status: Int = 200, headers: [HeaderField] = [])
        case notSent
        case lost(UpstreamOutcome.Loss)
        /// Nothing comes until the caller leaves.
        case silence
    }

    private struct State {
        var plans: [Plan] = []
        var calls: [InstanceCall] = []
        var checks: [InstanceName] = []
        var answers: [InstanceName: InstanceAnswer?] = [:]
        var bodies: [FakeBody] = []
    }

    private let state = Mutex(State())

    package init() {}

    package var calls: [InstanceCall] { state.withLock { $0.calls } }
    package var checks: [InstanceName] { state.withLock { $0.checks } }
    /// Bodies that were given up before their end.
    package var cancelled: Int { state.withLock { $0.bodies }.count { $0.isCancelled } }

    package func answer(with plans: Plan...) { state.withLock { $0.plans += plans } }

    /// What an instance says of how it is; nil: nothing in time.
    package func say(_ answer: InstanceAnswer?, by instance: InstanceName) {
        state.withLock { $0.answers[instance] = .some(answer) }
    }

    package func forward(_ call: InstanceCall) async -> InstanceOpening {
        let plan = state.withLock { state in
            state.calls.append(call)
            return state.plans.isEmpty ? .answer([.end]) : state.plans.removeFirst()
        }
        switch plan {
        case .answer(let status, let headers, let chunks, let trailers):
            let body = FakeBody(chunks, trailers: trailers)
            state.withLock { $0.bodies.append(body) }
            return .reply(status: status, headers: headers, body: body)
        case .live(let body, let status, let headers):
            state.withLock { $0.bodies.append(body) }
            return .reply(status: status, headers: headers, body: body)
        case .notSent: return .notSent("refused")
        case .lost(let loss): return .lost(loss)
        case .silence:
            while !Task.isCancelled { await Task.yield() }
            return .lost(.broken("cancelled"))
        }
    }

    package func check(
        _ instance: InstanceName, path: String, within timeout: Duration
    ) async -> InstanceAnswer? {
        state.withLock { state in
            state.checks.append(instance)
            return state.answers[instance] ?? InstanceAnswer(status: 200, body: Array("ok".utf8))
        }
    }
}

/// A body that comes piece by piece, some of it at once.
package final class FakeBody: InstanceBody {
    package let trailers: [HeaderField]
    private let state: Mutex<State>

    private struct State {
        var chunks: [UpstreamChunk]
        var waiting: CheckedContinuation<UpstreamChunk, Never>?
        var isCancelled = false
        var sent: [UInt8] = []
    }

    package init(_ chunks: [UpstreamChunk] = [], trailers: [HeaderField] = []) {
        self.trailers = trailers
        state = Mutex(State(chunks: chunks))
    }

    package var isCancelled: Bool { state.withLock { $0.isCancelled } }
    /// What was sent to the instance.
    package var sent: [UInt8] { state.withLock { $0.sent } }
    /// Whether somebody waits for more.
    package var isAsked: Bool { state.withLock { $0.waiting != nil } }

    package func feed(_ chunk: UpstreamChunk) {
        let waiting = state.withLock { state -> CheckedContinuation<UpstreamChunk, Never>? in
            if state.waiting == nil { state.chunks.append(chunk) }
            defer { state.waiting = nil }
            return state.waiting
        }
        waiting?.resume(returning: chunk)
    }

    package func next() async -> UpstreamChunk {
        await withCheckedContinuation { continuation in
            let chunk = state.withLock { state -> UpstreamChunk? in
                if state.isCancelled { return .lost(.broken("cancelled")) }
                if !state.chunks.isEmpty { return state.chunks.removeFirst() }
                state.waiting = continuation
                return nil
            }
            if let chunk { continuation.resume(returning: chunk) }
        }
    }

    package func send(_ bytes: [UInt8]) async -> Bool {
        state.withLock { state in
            state.sent += bytes
            return !state.isCancelled
        }
    }

    package func noteToken() {}
    package func discard() {}

    package func cancel() {
        let waiting = state.withLock { state -> CheckedContinuation<UpstreamChunk, Never>? in
            state.isCancelled = true
            defer { state.waiting = nil }
            return state.waiting
        }
        waiting?.resume(returning: .lost(.broken("cancelled")))
    }
}
