import Foundation
import NIOConcurrencyHelpers

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What the sandbox's providers would bill, to compare a ledger with: totals in memory, and one
/// JSON line a request in a file (appended by one write each, so that several sandboxes may
/// share it, and a killed one leaves no torn line behind a written one).
final class SandboxTruthLog: Sendable {
    struct Total: Sendable {
        var requests = 0
        var billed = 0
        var inputTokens = 0
        var outputTokens = 0
    }

    private struct State {
        var descriptor: Int32?
        var totals: [SandboxProvider: Total] = [:]
        var failedWrites = 0
    }

    private let state: NIOLockedValueBox<State>

    /// - Throws: `CocoaError` when the file can't be opened for appending.
    init(path: String?) throws {
        var descriptor: Int32?
        if let path {
            let opened = unsafe open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o644)
            guard opened >= 0 else {
                throw CocoaError(.fileWriteNoPermission, userInfo: [NSFilePathErrorKey: path])
            }
            descriptor = opened
        }
        state = NIOLockedValueBox(State(descriptor: descriptor))
    }

    func append(_ entry: SandboxTruth) {
        let hasFile = state.withLockedValue { $0.descriptor != nil }
        let line = hasFile ? Array(entry.line.utf8) : []
        state.withLockedValue { state in
            var total = state.totals[entry.route.provider] ?? Total()
            total.requests += 1
            if entry.isBilled {
                total.billed += 1
                total.inputTokens = total.inputTokens.saturating(plus: entry.usage.input)
                total.outputTokens = total.outputTokens.saturating(plus: entry.usage.output)
            }
            state.totals[entry.route.provider] = total
            guard let descriptor = state.descriptor else { return }
            let written = unsafe line.withUnsafeBytes { bytes in
                unsafe write(descriptor, bytes.baseAddress, bytes.count)
            }
            if written != line.count { state.failedWrites += 1 }
        }
    }

    func closeFile() {
        state.withLockedValue { state in
            if let descriptor = state.descriptor { _ = close(descriptor) }
            state.descriptor = nil
        }
    }

    /// Requests and billed tokens, in all and per provider, as JSON.
    var totals: String {
        let (totals, failed) = state.withLockedValue { ($0.totals, $0.failedWrites) }
        var sum = Total()
        for total in totals.values {
            sum.requests += total.requests
            sum.billed += total.billed
            sum.inputTokens = sum.inputTokens.saturating(plus: total.inputTokens)
            sum.outputTokens = sum.outputTokens.saturating(plus: total.outputTokens)
        }
        let providers = SandboxProvider.allCases.map { provider in
            "\"\(provider.rawValue)\":{\((totals[provider] ?? Total()).fields)}"
        }
        return "{\(sum.fields),\"failed_writes\":\(failed),"
            + "\"providers\":{\(providers.joined(separator: ","))}}"
    }
}

extension SandboxTruthLog.Total {
    fileprivate var fields: String {
        "\"requests\":\(requests),\"billed\":\(billed),"
            + "\"input_tokens\":\(inputTokens),\"output_tokens\":\(outputTokens)"
    }
}

extension Int {
    fileprivate func saturating(plus other: Int) -> Int {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
