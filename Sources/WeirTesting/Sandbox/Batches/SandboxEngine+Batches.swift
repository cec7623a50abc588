import NIOCore
import NIOHTTP1

/// The batch interfaces: OpenAI's files and batches, Anthropic's message batches.
///
/// Standing rules for the endpoints `files`, `batches` (the creation) and `batch` (every later
/// call) spoil them as they do any other; `batch_ms` of the creation is how long a batch takes, and
/// `status` with `billed` makes the batch and answers with the error. A call says by `batch` in its
/// prompt what becomes of it.
extension SandboxEngine {
    /// Nil where the path leads to no batch interface.
    func batchAnswer(to request: SandboxRequest) -> SandboxAnswer? {
        guard let call = SandboxBatchCall(request) else { return nil }
        let provider = call.provider
        var answer = SandboxAnswer(reply: SandboxReply(body: "{}"))
        answer.behaviour = rules.take(provider, call.endpoint, model: "")
        do throws(SandboxFailure) {
            try SandboxCredentials.check(request, provider, required: configuration.requiredKey)
            guard !request.isTooLarge else {
                throw SandboxFailure(status: 413, "Request exceeds the maximum size.")
            }
            let failure = answer.behaviour.number(.status).map {
                SandboxFailure.commanded(
                    status: $0, code: answer.behaviour.word(.errorCode),
                    retryAfter: answer.behaviour.number(.retryAfter))
            }
            if let failure, answer.behaviour.word(.billed) != "true" { throw failure }
            answer.reply = try reply(to: call, request, answer.behaviour)
            if let failure { throw failure }
        } catch {
            answer.reply = SandboxErrorBody.reply(error, provider)
        }
        answer.latencyMilliseconds =
            configuration.latencyMilliseconds + (answer.behaviour.number(.latency) ?? 0)
        return answer
    }

    private func reply(
        to call: SandboxBatchCall, _ request: SandboxRequest, _ behaviour: SandboxBehaviour
    ) throws(SandboxFailure) -> SandboxReply {
        switch call.verb {
        case .upload: try upload(request)
        case .content(let id): try content(id)
        case .create: try create(call.provider, request, behaviour)
        case .list: list(call.provider, request)
        case .look(let id): SandboxReply(body: try batch(id, call.provider).text)
        case .results(let id): try results(id)
        case .cancel(let id): try cancel(id, call.provider)
        }
    }

    private func batch(
        _ id: String, _ provider: SandboxProvider
    ) throws(SandboxFailure) -> SandboxBatches.Batch {
        guard let batch = batches.batch(id, provider) else {
            throw SandboxFailure(status: 404, "No batch found with id '\(id)'.")
        }
        return batch
    }

    private func upload(_ request: SandboxRequest) throws(SandboxFailure) -> SandboxReply {
        let form = SandboxForm(request)
        guard form?.fields["purpose"] == "batch", let file = form?.file else {
            throw SandboxFailure(status: 400, "'purpose' and 'file' are required properties")
        }
        let identifier = nextIdentifier()
        let id = "file-\(identifier.letters(22))"
        guard batches.add(file: file, id: id) else {
            throw SandboxFailure(status: 400, "sandbox: too many files")
        }
        return SandboxReply(
            body: "{\"id\":\"\(id)\",\"object\":\"file\",\"bytes\":\(file.count),"
                + "\"created_at\":\(identifier.seconds),\"filename\":\"batch.jsonl\","
                + "\"purpose\":\"batch\",\"status\":\"processed\"}")
    }

    private func content(_ id: String) throws(SandboxFailure) -> SandboxReply {
        for batch in batches.batches(.openai) where batch.hasEnded {
            if id == batch.file("output") {
                return SandboxReply(body: batch.results(errors: false))
            }
            if id == batch.file("error") { return SandboxReply(body: batch.results(errors: true)) }
        }
        throw SandboxFailure(status: 404, "No such File object: \(id)")
    }

    private func results(_ id: String) throws(SandboxFailure) -> SandboxReply {
        let batch = try batch(id, .anthropic)
        guard batch.hasEnded else {
            throw SandboxFailure(status: 400, "The batch has not ended yet.")
        }
        return SandboxReply(body: batch.results(errors: nil))
    }

    private func list(_ provider: SandboxProvider, _ request: SandboxRequest) -> SandboxReply {
        let all = batches.batches(provider)
        let limit = request.parameter("limit").flatMap { Int($0) } ?? 20
        let cursor = request.parameter(provider == .anthropic ? "after_id" : "after")
        let start = cursor.flatMap { id in all.firstIndex { $0.id == id }.map { $0 + 1 } } ?? 0
        let page = all.dropFirst(start).prefix(max(1, limit))
        return SandboxReply(
            body: "{\"data\":[\(page.map(\.text).joined(separator: ","))],"
                + "\"first_id\":\(SandboxJSON.quote(page.first?.id)),"
                + "\"last_id\":\(SandboxJSON.quote(page.last?.id)),"
                + "\"has_more\":\(start + page.count < all.count)}")
    }

    private func cancel(
        _ id: String, _ provider: SandboxProvider
    ) throws(SandboxFailure) -> SandboxReply {
        _ = try batch(id, provider)
        _ = batches.end(id, isCancelled: true)
        return SandboxReply(body: try batch(id, provider).text)
    }

    private func create(
        _ provider: SandboxProvider, _ request: SandboxRequest, _ behaviour: SandboxBehaviour
    ) throws(SandboxFailure) -> SandboxReply {
        let body = try SandboxEngine.body(of: request, provider)
        let identifier = nextIdentifier()
        let isAnthropic = provider == .anthropic
        var failure: String?
        var calls: [SandboxBatches.Call] = []
        do throws(SandboxFailure) {
            let items = try isAnthropic ? inlineItems(body) : fileItems(body)
            calls = items.map { call($0, provider, request) }
        } catch {
            // Anthropic checks the list at once, OpenAI reads the file later.
            guard !isAnthropic, error.code == nil else { throw error }
            failure = error.message
        }
        let batch = SandboxBatches.Batch(
            id: (isAnthropic ? "msgbatch_01" : "batch_") + identifier.letters(22),
            provider: provider, createdSeconds: identifier.seconds,
            metadata: (body["metadata"] ?? .null).text(),
            endpoint: body["endpoint"]?.string ?? "",
            file: body["input_file_id"]?.string ?? "", calls: calls, failure: failure)
        guard batches.add(batch) else {
            throw SandboxFailure(status: 400, "sandbox: too many batches")
        }
        run(batch.id, after: behaviour.number(.batchMilliseconds) ?? 0)
        return SandboxReply(body: try self.batch(batch.id, provider).text)
    }

    private func run(_ id: String, after milliseconds: Int) {
        guard milliseconds > 0 else { return bill(batches.end(id, isCancelled: false)) }
        // Unstructured: the batch goes on when whoever made it has long left.
        Task {
            do {
                try await Task.sleep(for: .milliseconds(milliseconds))
            } catch {
                return
            }
            bill(batches.end(id, isCancelled: false))
        }
    }

    private func bill(_ entries: [SandboxTruth]) {
        for entry in entries { truth.append(entry) }
    }

    /// Answers one item as if it had come by itself.
    private func call(
        _ item: SandboxBatchItem, _ provider: SandboxProvider, _ request: SandboxRequest
    ) -> SandboxBatches.Call {
        var headers = request.headers
        headers.replaceOrAdd(name: "x-client-request-id", value: item.name)
        headers.remove(name: "content-type")
        let head = HTTPRequestHead(
            version: .http1_1, method: .POST, uri: "/\(provider.rawValue)\(item.path)",
            headers: headers)
        let single = SandboxRequest(
            head: head, body: ByteBuffer(string: item.body.text()), isTooLarge: false)
        guard let answer = answerOne(single) else {
            return SandboxBatches.Call(name: item.name, fate: "missing")
        }
        var kept = answer
        kept.truth?.isBatch = true
        return SandboxBatches.Call(
            name: item.name, answer: kept, fate: answer.behaviour.word(.batch))
    }
}
