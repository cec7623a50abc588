import WeirCore

/// Reads a streamed `response` of the Responses API: typed events, the last of which holds the
/// whole response with its usage. There is no `[DONE]`; where an imitator sends one, it comes after
/// the end.
struct ResponsesStreamDecoder: EventStreamDecoder {
    var lines = ServerSentEvents()
    var pending: ReplyDefect?
    private var items = ResponsesStreamItems()
    private var hasStarted = false
    private var hasFailed = false
    private var isOver = false
    private let dialect = OpenAIDialect()

    mutating func step(_ name: String?, _ data: [UInt8]) throws(ReplyDefect) -> StreamStep {
        if isOver || data.elementsEqual("[DONE]".utf8) {
            return StreamStep(name: name, data: data, events: [], relay: .withhold)
        }
        let event = try replyObject(data)
        switch event["type"]?.string ?? name {
        case "response.created", "response.queued", "response.in_progress":
            return StreamStep(name: name, data: data, events: started(event))
        case "response.completed", "response.incomplete", "response.failed":
            return try end(name, data, event)
        case "error":
            return StreamStep(name: name, data: data, events: failed(event, data), relay: .drop)
        case let type:
            return StreamStep(name: name, data: data, events: items.read(event, type ?? ""))
        }
    }

    private mutating func started(_ event: JSONObject) -> [ChatEvent] {
        guard !hasStarted else { return [] }
        hasStarted = true
        return [.started(model: event["response"]?["model"]?.string)]
    }

    private mutating func end(
        _ name: String?, _ data: [UInt8], _ event: JSONObject
    ) throws(ReplyDefect) -> StreamStep {
        guard let response = event["response"]?.object else {
            throw ReplyDefect("the last event has no response")
        }
        isOver = true
        let output = response["output"]?.array ?? []
        var step = StreamStep(name: name, data: data, events: items.missed(output))
        switch usage(response, output, isTwice: event.hasDuplicates) {
        case .absent: break
        case let usage: step.events.append(.usage(usage))
        }
        let isFailure = event["type"]?.string ?? name == "response.failed"
        if !isFailure, !hasFailed, let finish = items.finish(response) {
            step.events += [.finish(finish, stopSequence: nil), .ended]
            step.relay = .withhold
        } else {
            let error = JSONObject([.init(name: "error", value: response["error"] ?? .null)])
            step.events += failed(error, JSON.object(error).encoded)
            step.relay = .drop
        }
        return step
    }

    private func usage(
        _ response: JSONObject, _ output: [JSON], isTwice: Bool
    ) -> ReportedUsage {
        guard !isTwice else { return .suspect("the last event has a name twice") }
        let searches = max(dialect.webSearches(response, output), items.webSearches)
        return dialect.responsesUsage(of: response, webSearches: searches)
    }

    /// OpenAI may send `error` and `response.failed` for one failure: the first one counts.
    private mutating func failed(_ event: JSONObject, _ body: [UInt8]) -> [ChatEvent] {
        guard !hasFailed else { return [] }
        hasFailed = true
        return [.failed(dialect.responsesFailure(event, body))]
    }
}

extension OpenAIDialect {
    /// A failure in mid-stream has no status; its code may tell what the status would have been.
    fileprivate func responsesFailure(_ event: JSONObject, _ body: [UInt8]) -> ProviderFailure {
        let failure = decodeFailure(status: 400, body: body)
        let reply = ErrorReply(body)
        if failure.kind == .account || reply.says(requestCodes) { return failure }
        if reply.says(limitCodes) { return decodeFailure(status: 429, body: body) }
        return decodeStreamFailure(body, event)
    }
}

private let limitCodes: Set<String> = ["rate_limit_exceeded", "rate_limit_error", "tokens"]

/// After the `ResponseErrorCode` of OpenAI's reference.
private let requestCodes: Set<String> = [
    "invalid_request_error", "invalid_prompt", "context_length_exceeded", "bio_policy",
    "invalid_image", "invalid_image_format", "invalid_base64_image", "invalid_image_url",
    "image_too_large", "image_too_small", "image_parse_error", "image_content_policy_violation",
    "invalid_image_mode", "image_file_too_large", "unsupported_image_media_type",
    "empty_image_file", "failed_to_download_image", "image_file_not_found",
]
