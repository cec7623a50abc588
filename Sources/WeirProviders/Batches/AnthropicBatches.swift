package import WeirCore

/// Anthropic's message batches: the requests in the creation itself, results as lines.
///
/// Half the price of single calls, ended within 24 hours; who errs, is cancelled or expires isn't
/// billed. https://platform.claude.com/docs/en/build-with-claude/batch-processing
package struct AnthropicBatches: ProviderBatchDialect {
    package init() {}

    package var keepsNames: Bool { false }

    package func upload(_ items: [ProviderBatchItem], of batch: BatchID) -> EncodedRequest? { nil }

    package func decodeUpload(_ body: [UInt8]) throws(ReplyDefect) -> Slug {
        throw ReplyDefect("message batches take no file")
    }

    package func create(
        _ items: [ProviderBatchItem], of batch: BatchID, file: Slug?
    ) -> EncodedRequest {
        var body = Array(#"{"requests":["#.utf8)
        for (index, item) in items.enumerated() {
            var writer = JSONWriter(capacity: 96)
            writer.beginObject()
            writer.member("custom_id", item.name)
            writer.name("params")
            if index > 0 { body.append(UInt8(ascii: ",")) }
            body += writer.bytes + item.request.body + [UInt8(ascii: "}")]
        }
        return EncodedRequest(path: AnthropicBatches.path, body: body + Array("]}".utf8))
    }

    package func decodeBatch(_ body: [UInt8]) throws(ReplyDefect) -> ProviderBatch {
        guard let batch = batch(try replyObject(body)) else {
            throw ReplyDefect("the reply is no batch")
        }
        return batch
    }

    package func path(of batch: Slug) -> String {
        "\(AnthropicBatches.path)/\(pathSegment(batch))"
    }

    package func cancel(_ batch: Slug) -> EncodedRequest {
        EncodedRequest(path: path(of: batch) + "/cancel", body: [])
    }

    package func listPath(after cursor: Slug?) -> String {
        let after = cursor.map { "&after_id=\(pathSegment($0))" } ?? ""
        return "\(AnthropicBatches.path)?limit=100\(after)"
    }

    package func decodeList(_ body: [UInt8]) throws(ReplyDefect) -> ProviderBatchPage {
        try batchPage(body) { batch($0) }
    }

    /// `results_url` says the same; no address that a reply brings is ever called.
    package func resultPaths(of batch: ProviderBatch) -> [String] {
        ["\(path(of: batch.id))/results"]
    }

    package func decodeResult(_ line: [UInt8]) throws(ReplyDefect) -> ProviderBatchResult? {
        guard let (name, members) = try resultObject(line) else { return nil }
        let result = members["result"]
        switch result?["type"]?.string {
        case "succeeded":
            let message = result?["message"] ?? .null
            return ProviderBatchResult(name: name, outcome: .answered(message.encoded))
        case "errored":
            return ProviderBatchResult(name: name, outcome: .refused(failure(result?["error"])))
        case "canceled", "expired":
            return ProviderBatchResult(name: name, outcome: .unprocessed)
        default: throw ReplyDefect("a result of an unknown type")
        }
    }

    /// An error response without its status, which its type stands for.
    private func failure(_ error: JSON?) -> ProviderFailure {
        let word = error?["error"]?["type"]?.string ?? error?["type"]?.string ?? ""
        let status = AnthropicErrorType(rawValue: word)?.status ?? 500
        return AnthropicDialect().decodeFailure(
            status: status, body: (error ?? .null).encoded)
    }

    private func batch(_ object: JSONObject) -> ProviderBatch? {
        guard let id = identifier(object["id"]), let status = object["processing_status"]?.string,
            let state = AnthropicBatches.states[status]
        else { return nil }
        return ProviderBatch(
            id: id, state: state,
            createdAt: object["created_at"]?.string.flatMap { Timestamp(leadingRFC3339: $0) },
            calls: calls(object["request_counts"]))
    }

    /// The sum of all counts is the number of requests.
    private func calls(_ counts: JSON?) -> Int? {
        guard let members = counts?.object?.members, !members.isEmpty else { return nil }
        var sum = 0
        for member in members {
            guard let count = member.value.integer, (0...1_000_000).contains(count) else {
                return nil
            }
            sum += Int(count)
        }
        return sum
    }

    private static let path = "/v1/messages/batches"

    private static let states: [String: ProviderBatch.State] = [
        "in_progress": .running, "canceling": .running, "ended": .ended(runsOut: false),
    ]
}

extension Timestamp {
    /// The second that an RFC 3339 time in UTC names; nil for any other zone.
    fileprivate init?(leadingRFC3339 text: String) {
        let bytes = Array(text.utf8)
        let isUTC = bytes.last == UInt8(ascii: "Z") || text.utf8.ends(with: "+00:00")
        guard (20...40).contains(bytes.count), isUTC, bytes[10] == UInt8(ascii: "T"),
            let day = Timestamp(utcDay: String(decoding: bytes[..<10], as: UTF8.self))
        else { return nil }
        var seconds: Int64 = 0
        for (start, factor) in [(11, 3_600), (14, 60), (17, 1)] as [(Int, Int64)] {
            let number = String(decoding: bytes[start..<(start + 2)], as: UTF8.self)
            guard let value = Int64(number), (0..<60).contains(value) else { return nil }
            seconds += value * factor
        }
        self = day.advanced(seconds: seconds)
    }
}

extension String.UTF8View {
    fileprivate func ends(with suffix: String) -> Bool {
        count >= suffix.utf8.count && self.suffix(suffix.utf8.count).elementsEqual(suffix.utf8)
    }
}
