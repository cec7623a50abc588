package import WeirCore

/// OpenAI's batches: a file of requests, one a line; a batch of it; files of results.
///
/// Half the price of single calls, answered within 24 hours; what is complete is charged, also
/// where the batch expires or is cancelled.
/// https://developers.openai.com/api/docs/guides/batch
/// https://help.openai.com/en/articles/9197833-batch-api-faq
package struct OpenAIBatches: ProviderBatchDialect {
    package init() {}

    package var keepsNames: Bool { true }

    /// `multipart/form-data` with a purpose and a file.
    package func upload(_ items: [ProviderBatchItem], of batch: BatchID) -> EncodedRequest? {
        var file: [UInt8] = []
        file.reserveCapacity(items.reduce(0) { $0 + $1.request.body.count + 128 })
        for item in items {
            var writer = JSONWriter(capacity: 128)
            writer.beginObject()
            writer.member("custom_id", item.name)
            writer.member("method", "POST")
            writer.member("url", "/v1" + item.request.path)
            writer.name("body")
            // A request's body is JSON in one line: its writer puts no line feed anywhere.
            file += writer.bytes + item.request.body + Array("}\n".utf8)
        }
        return MultipartForm(boundary: "weir-\(batch)").request(
            path: "/files", fields: [("purpose", "batch")], fileName: "\(batch).jsonl", file: file)
    }

    package func decodeUpload(_ body: [UInt8]) throws(ReplyDefect) -> Slug {
        guard let id = identifier(try replyObject(body)["id"]) else {
            throw ReplyDefect("the uploaded file has no id")
        }
        return id
    }

    /// The batch's name goes into its metadata, by which it is found again.
    package func create(
        _ items: [ProviderBatchItem], of batch: BatchID, file: Slug?
    ) -> EncodedRequest {
        let path = items.first?.request.path ?? OpenAIDialect.path
        let body: JSON = [
            "input_file_id": .string(file?.description ?? ""),
            "endpoint": .string("/v1" + path), "completion_window": "24h",
            "metadata": [OpenAIBatches.nameField: .string(batch.description)],
        ]
        return EncodedRequest(path: OpenAIBatches.path, body: body.encoded)
    }

    package func decodeBatch(_ body: [UInt8]) throws(ReplyDefect) -> ProviderBatch {
        guard let batch = batch(try replyObject(body)) else {
            throw ReplyDefect("the reply is no batch")
        }
        return batch
    }

    package func path(of batch: Slug) -> String {
        "\(OpenAIBatches.path)/\(pathSegment(batch))"
    }

    /// For up to ten minutes it is `cancelling`, then `cancelled`.
    package func cancel(_ batch: Slug) -> EncodedRequest {
        EncodedRequest(path: path(of: batch) + "/cancel", body: [])
    }

    package func listPath(after cursor: Slug?) -> String {
        let after = cursor.map { "&after=\(pathSegment($0))" } ?? ""
        return "\(OpenAIBatches.path)?limit=100\(after)"
    }

    package func decodeList(_ body: [UInt8]) throws(ReplyDefect) -> ProviderBatchPage {
        try batchPage(body) { batch($0) }
    }

    /// The completed calls first, then those with errors.
    package func resultPaths(of batch: ProviderBatch) -> [String] {
        batch.files.map { "/files/\(pathSegment($0))/content" }
    }

    /// `response` holds status and body of what a call by itself would have got; calls that were
    /// not run have an `error` instead.
    package func decodeResult(_ line: [UInt8]) throws(ReplyDefect) -> ProviderBatchResult? {
        guard let result = try resultObject(line) else { return nil }
        let (name, members) = result
        guard let response = members["response"]?.object else {
            let code = members["error"]?["code"]?.string ?? ""
            guard !OpenAIBatches.unprocessed.contains(code), !code.isEmpty else {
                return ProviderBatchResult(name: name, outcome: .unprocessed)
            }
            return failure(name, 500, members["error"] ?? .null)
        }
        let status = response["status_code"]?.integer.flatMap(Int.init(exactly:)) ?? 0
        guard (200..<300).contains(status) else {
            return failure(name, status, response["body"] ?? .null)
        }
        return ProviderBatchResult(
            name: name, outcome: .answered((response["body"] ?? .null).encoded))
    }

    private func failure(_ name: String, _ status: Int, _ body: JSON) -> ProviderBatchResult {
        let failure = OpenAIDialect().decodeFailure(status: status, body: body.encoded)
        return ProviderBatchResult(name: name, outcome: .refused(failure))
    }

    private func batch(_ object: JSONObject) -> ProviderBatch? {
        guard let id = identifier(object["id"]), let status = object["status"]?.string,
            let state = OpenAIBatches.states[status]
        else { return nil }
        let files = ["output_file_id", "error_file_id"].compactMap { identifier(object[$0]) }
        let counts = object["request_counts"]
        return ProviderBatch(
            id: id, state: state,
            name: object["metadata"]?[OpenAIBatches.nameField]?.string.flatMap { Slug($0) },
            createdAt: object["created_at"]?.integer.map {
                Timestamp(milliseconds: 0).advanced(seconds: $0)
            },
            calls: counts?["total"]?.integer.flatMap(Int.init(exactly:)),
            completed: counts?["completed"]?.integer.flatMap(Int.init(exactly:)), files: files)
    }

    private static let path = "/batches"
    private static let nameField = "weir_batch"
    private static let unprocessed: Set<String> = ["batch_expired", "batch_cancelled"]

    /// A batch whose file is found to be wrong has `failed` before anything was run.
    private static let states: [String: ProviderBatch.State] = [
        "validating": .running, "in_progress": .running, "finalizing": .running,
        "cancelling": .running, "completed": .ended(runsOut: false),
        "failed": .ended(runsOut: true), "expired": .ended(runsOut: true),
        "cancelled": .ended(runsOut: true),
    ]
}
