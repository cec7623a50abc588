import Synchronization
import WeirCore
import WeirService
import WeirTesting

/// A provider with a batch interface, as `PlainBatches` speaks it. It bills what it runs at 1
/// nano-USD for two tokens read and 1 for each generated, which is half of what a call costs.
final class FakeBatchProvider: Sendable {
    struct Batch: Sendable {
        let id: String
        let name: String
        /// Names and texts.
        let calls: [(name: String, text: String)]
        var hasEnded = false
    }

    /// What the next creation does.
    enum Creation: Sendable {
        case answered
        /// Made or not, the reply is lost.
        case lost(isMade: Bool)
        case status(Int, isMade: Bool)
        case notSent
    }

    private struct State {
        var batches: [Batch] = []
        var creation = Creation.answered
        var upload: UpstreamOutcome?
        var looks: UpstreamOutcome?
        var billed: Int64 = 0
        var requests: [String] = []
    }
    private let state = Mutex(State())
    private let keepsNames: Bool

    init(keepsNames: Bool = true) { self.keepsNames = keepsNames }

    var billed: Int64 { state.withLock { $0.billed } }
    var batches: [Batch] { state.withLock { $0.batches } }
    /// Method and path of everything that was asked.
    var requests: [String] { state.withLock { $0.requests } }

    func onCreation(_ creation: Creation) { state.withLock { $0.creation = creation } }
    func onUpload(_ outcome: UpstreamOutcome?) { state.withLock { $0.upload = outcome } }
    /// What every question about batches answers; nil for the truth.
    func onLooks(_ outcome: UpstreamOutcome?) { state.withLock { $0.looks = outcome } }

    /// Runs every batch to its end. A call whose text is `expired`, `refused`, `unrun` or `missing`
    /// is that; the last two have no result, but `missing` was run.
    func run() {
        state.withLock { state in
            for index in state.batches.indices where !state.batches[index].hasEnded {
                state.batches[index].hasEnded = true
                for call in state.batches[index].calls
                where Self.isRun(call.text) {
                    state.billed += Self.cost
                }
            }
        }
    }

    private static func isRun(_ text: String) -> Bool {
        !["expired", "refused", "unrun"].contains(text)
    }

    /// 20 tokens read at half a nano-USD each, 7 generated at one.
    static let cost: Int64 = 17

    func answer(_ call: UpstreamCall) -> UpstreamOutcome {
        state.withLock { state in
            state.requests.append("\(call.method) \(call.path)")
            if call.method == .get, let outcome = state.looks { return outcome }
            switch (call.method, call.path) {
            case (.post, "/files"): return state.upload ?? .answer("file-1")
            case (.post, "/batches"): return create(call.body, &state)
            case (.get, "/batches"):
                return .answer(state.batches.reversed().map(describe).joined(separator: "\n"))
            case (.post, _): return .answer("cancelled")
            default:
                let parts = call.path.split(separator: "/").map(String.init)
                guard parts.count >= 2,
                    let batch = state.batches.first(where: { $0.id == parts[1] })
                else { return .status(404) }
                return .answer(parts.count == 2 ? describe(batch) : results(batch))
            }
        }
    }

    private func create(_ body: [UInt8], _ state: inout State) -> UpstreamOutcome {
        let lines = String(decoding: body, as: UTF8.self).split(separator: "\n").map(String.init)
        let calls = lines.dropFirst().map { line in
            let words = line.split(separator: " ", maxSplits: 1).map(String.init)
            return (name: words[0], text: words[1])
        }
        let batch = Batch(id: "b\(state.batches.count + 1)", name: lines[0], calls: calls)
        switch state.creation {
        case .answered:
            state.batches.append(batch)
            return .answer(describe(batch))
        case .lost(let isMade):
            if isMade { state.batches.append(batch) }
            return .lost(.timeout)
        case .status(let status, let isMade):
            if isMade { state.batches.append(batch) }
            return .status(status)
        case .notSent: return .notSent("no route")
        }
    }

    private func describe(_ batch: Batch) -> String {
        let hasExpired = batch.calls.contains { $0.text == "expired" }
        let word = batch.hasEnded ? hasExpired ? "expired" : "ended" : "running"
        let completed = batch.calls.count { Self.isRun($0.text) }
        let name = keepsNames ? batch.name : "-"
        return "\(batch.id) \(word) \(batch.calls.count) \(completed) \(name)"
    }

    private func results(_ batch: Batch) -> String {
        batch.calls.compactMap { call in
            switch call.text {
            case "missing", "unrun": nil
            case "expired": "\(call.name) unprocessed"
            case "refused": "\(call.name) refused"
            case "broken": "\(call.name) answered what?"
            default: "\(call.name) answered 20 7 echo \(call.text)"
            }
        }.joined(separator: "\n")
    }
}
