import Foundation
import NIOConcurrencyHelpers
import NIOCore

/// Batches of requests, and the files that they come in and go out by. In memory: they live as
/// long as the sandbox, whatever becomes of its clients.
final class SandboxBatches: Sendable {
    /// One call of a batch, answered already, and billed when its batch is run.
    struct Call: Sendable {
        let name: String
        /// nil: it is never run.
        var answer: SandboxAnswer?
        /// What becomes of it instead of an answer: `expired`, `canceled`, or `missing`.
        var fate: String?

        var isCompleted: Bool {
            (fate == nil || fate == "missing") && answer.map { $0.reply.status < 300 } ?? false
        }
    }

    struct Batch: Sendable {
        let id: String
        let provider: SandboxProvider
        let createdSeconds: Int
        /// OpenAI's, as JSON text.
        let metadata: String
        let endpoint: String
        let file: String
        var calls: [Call]
        /// OpenAI: the file was refused.
        var failure: String?
        var hasEnded = false
        var isCancelled = false

        func file(_ kind: String) -> String { "file-\(kind)-\(id)" }
    }

    private struct State {
        var batches: [Batch] = []
        var files: [String: [UInt8]] = [:]
    }

    private let state = NIOLockedValueBox(State())

    /// - Returns: false when there are too many.
    func add(_ batch: Batch) -> Bool {
        state.withLockedValue { state in
            guard state.batches.count < SandboxLimits.batches else { return false }
            state.batches.append(batch)
            return true
        }
    }

    func add(file: [UInt8], id: String) -> Bool {
        state.withLockedValue { state in
            guard state.files.count < SandboxLimits.batches else { return false }
            state.files[id] = file
            return true
        }
    }

    func file(_ id: String) -> [UInt8]? { state.withLockedValue { $0.files[id] } }

    func batch(_ id: String, _ provider: SandboxProvider) -> Batch? {
        state.withLockedValue { state in
            state.batches.first { $0.id == id && $0.provider == provider }
        }
    }

    /// Newest first.
    func batches(_ provider: SandboxProvider) -> [Batch] {
        state.withLockedValue { state in
            state.batches.reversed().filter { $0.provider == provider }
        }
    }

    /// Ends a batch, once: its calls are run, or cancelled.
    ///
    /// - Returns: what is to be billed.
    func end(_ id: String, isCancelled: Bool) -> [SandboxTruth] {
        state.withLockedValue { state in
            guard let index = state.batches.firstIndex(where: { $0.id == id }),
                !state.batches[index].hasEnded
            else { return [] }
            state.batches[index].hasEnded = true
            state.batches[index].isCancelled = isCancelled
            if isCancelled {
                for call in state.batches[index].calls.indices {
                    state.batches[index].calls[call].fate = "canceled"
                }
            }
            return state.batches[index].calls.compactMap { call in
                guard call.fate == nil || call.fate == "missing" else { return nil }
                return call.answer?.truth
            }
        }
    }
}

extension SandboxBatches.Batch {
    /// The batch as its provider describes it.
    var text: String { provider == .anthropic ? anthropicText : openAIText }

    /// The results as lines; OpenAI's errors are in a file of their own.
    func results(errors: Bool?) -> String {
        var lines = ""
        for call in calls where call.fate != "missing" {
            let isError = call.fate != nil || (call.answer?.reply.status ?? 500) >= 300
            guard errors == nil || errors == isError else { continue }
            lines += (provider == .anthropic ? anthropic(call) : openAI(call)) + "\n"
        }
        return lines
    }

    private var openAIText: String {
        let hasExpired = calls.contains { $0.fate == "expired" }
        let status =
            failure != nil
            ? "failed"
            : !hasEnded
                ? "in_progress"
                : isCancelled ? "cancelled" : hasExpired ? "expired" : "completed"
        let output = hasEnded && !results(errors: false).isEmpty ? file("output") : nil
        let errors = hasEnded && !results(errors: true).isEmpty ? file("error") : nil
        let problem = failure.map {
            "{\"object\":\"list\",\"data\":[{\"code\":\"invalid_json_line\",\"line\":1,"
                + "\"message\":\(SandboxJSON.quote($0)),\"param\":null}]}"
        }
        let done = hasEnded ? calls.count(where: \.isCompleted) : 0
        return "{\"id\":\"\(id)\",\"object\":\"batch\","
            + "\"endpoint\":\(SandboxJSON.quote(endpoint)),\"errors\":\(problem ?? "null"),"
            + "\"input_file_id\":\(SandboxJSON.quote(file)),\"completion_window\":\"24h\","
            + "\"status\":\"\(status)\",\"output_file_id\":\(SandboxJSON.quote(output)),"
            + "\"error_file_id\":\(SandboxJSON.quote(errors)),\"created_at\":\(createdSeconds),"
            + "\"expires_at\":\(createdSeconds + 86_400),\"request_counts\":"
            + "{\"total\":\(calls.count),\"completed\":\(done),"
            + "\"failed\":\(hasEnded ? calls.count - done : 0)},\"metadata\":\(metadata)}"
    }

    private var anthropicText: String {
        func count(_ fate: String) -> Int {
            hasEnded ? calls.count(where: { $0.fate == fate }) : 0
        }
        let ran = hasEnded ? calls.filter { $0.fate == nil || $0.fate == "missing" } : []
        let errored = ran.count(where: { ($0.answer?.reply.status ?? 500) >= 300 })
        let url =
            hasEnded ? "\"https://api.anthropic.com/v1/messages/batches/\(id)/results\"" : "null"
        return "{\"id\":\"\(id)\",\"type\":\"message_batch\","
            + "\"processing_status\":\"\(hasEnded ? "ended" : "in_progress")\","
            + "\"request_counts\":{\"processing\":\(hasEnded ? 0 : calls.count),"
            + "\"succeeded\":\(ran.count - errored),\"errored\":\(errored),"
            + "\"canceled\":\(count("canceled")),\"expired\":\(count("expired"))},"
            + "\"ended_at\":\(hasEnded ? "\"\(time(createdSeconds))\"" : "null"),"
            + "\"created_at\":\"\(time(createdSeconds))\","
            + "\"expires_at\":\"\(time(createdSeconds + 86_400))\",\"archived_at\":null,"
            + "\"cancel_initiated_at\":null,\"results_url\":\(url)}"
    }

    private func openAI(_ call: SandboxBatches.Call) -> String {
        let head =
            "{\"id\":\"batch_req_\(call.name)\",\"custom_id\":\(SandboxJSON.quote(call.name)),"
        guard call.fate == nil, let answer = call.answer else {
            let isExpired = call.fate == "expired"
            return head + "\"response\":null,\"error\":{\"code\":"
                + "\"\(isExpired ? "batch_expired" : "batch_cancelled")\","
                + "\"message\":\"This request could not be executed.\"}}"
        }
        return head + "\"response\":{\"status_code\":\(answer.reply.status),"
            + "\"request_id\":\"req_\(call.name)\",\"body\":\(answer.reply.text)},\"error\":null}"
    }

    private func anthropic(_ call: SandboxBatches.Call) -> String {
        let head = "{\"custom_id\":\(SandboxJSON.quote(call.name)),\"result\":{\"type\":"
        guard call.fate == nil, let answer = call.answer else {
            return head + "\"\(call.fate ?? "expired")\"}}"
        }
        guard answer.reply.status < 300 else {
            return head + "\"errored\",\"error\":\(answer.reply.text)}}"
        }
        let message = answer.reply.text.replacingOccurrences(
            of: "\"service_tier\":\"standard\"", with: "\"service_tier\":\"batch\"")
        return head + "\"succeeded\",\"message\":\(message)}}"
    }

    private func time(_ seconds: Int) -> String {
        Date(timeIntervalSince1970: TimeInterval(seconds)).formatted(.iso8601)
    }
}

extension SandboxReply {
    /// The whole body.
    fileprivate var text: String { pieces.map { String(buffer: $0) }.joined() }
}
