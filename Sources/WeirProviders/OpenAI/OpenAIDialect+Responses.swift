package import WeirCore

extension OpenAIDialect {
    /// Reads a whole `response` of the Responses API. One that failed, or hasn't run yet, is no
    /// answer; what it used is in the defect.
    package func decodeResponsesReply(_ body: [UInt8]) throws(ReplyDefect) -> ChatReply {
        let reply = try replyObject(body)
        let items = reply["output"]?.array ?? []
        let usage = responsesUsage(of: reply, webSearches: webSearches(reply, items))
        guard reply["output"]?.array != nil else {
            throw ReplyDefect("the reply has no output", usage: usage)
        }
        var answer = ResponsesAnswer()
        for item in items {
            guard let item = item.object, answer.add(item) else {
                throw ReplyDefect("an output item can't be read", usage: usage)
            }
        }
        guard let finish = answer.finish(reply) else {
            throw ReplyDefect("the response is not complete", usage: usage)
        }
        return ChatReply(
            text: answer.text, thinking: answer.thinking, toolCalls: answer.toolCalls,
            finish: finish, usage: usage, model: reply["model"]?.string)
    }

    /// OpenAI bills each search, not each page that is opened after it. Newer replies say the
    /// number; the items tell it too.
    func webSearches(_ reply: JSONObject, _ items: [JSON]) -> Int64 {
        let said = reply["tool_usage"]?["web_search"]?["num_requests"]?.integer ?? 0
        return max(Int64(items.count(where: isWebSearch)), said)
    }
}

func isWebSearch(_ item: JSON) -> Bool {
    guard item["type"]?.string == "web_search_call" else { return false }
    let action = item["action"]?["type"]?.string
    return action == nil || action == "search"
}

/// The answer that a list of output items adds up to.
struct ResponsesAnswer {
    private(set) var text = ""
    private(set) var thinking: [Thinking] = []
    private(set) var toolCalls: [ToolCall] = []
    private(set) var isRefused = false

    /// False where a message or a call has the wrong shape. The provider's own tools are no part of
    /// the answer.
    mutating func add(_ item: JSONObject) -> Bool {
        switch item["type"]?.string {
        case "message":
            guard let parts = item["content"]?.array else { return false }
            for part in parts {
                text += part["text"]?.string ?? ""
                guard let refusal = part["refusal"]?.string else { continue }
                text += refusal
                isRefused = true
            }
        case "reasoning":
            let thoughts = Thinking(responsesItem: item)
            if !thoughts.text.isEmpty || thoughts.signature != nil { thinking.append(thoughts) }
        case "function_call":
            guard let name = item["name"]?.string else { return false }
            let arguments = toolArguments(item["arguments"]?.string ?? "")
            toolCalls.append(
                ToolCall(id: item["call_id"]?.string, name: name, arguments: arguments))
        case "custom_tool_call":
            guard let name = item["name"]?.string else { return false }
            let input = item["input"] ?? .string("")
            toolCalls.append(ToolCall(id: item["call_id"]?.string, name: name, arguments: input))
        default: break
        }
        return true
    }

    /// Nil where the response failed, was cancelled or still waits. Imitators leave the status out
    /// or spell it differently; an answer that is there counts.
    func finish(_ reply: JSONObject) -> FinishReason? {
        switch reply["status"]?.string {
        case "failed", "cancelled", "queued", "in_progress": nil
        case "incomplete":
            reply["incomplete_details"]?["reason"]?.string == "content_filter"
                ? .contentFilter : .length
        default: !toolCalls.isEmpty ? .toolCalls : isRefused ? .contentFilter : .stop
        }
    }
}

extension Thinking {
    /// A `reasoning` item: what its provider shows of the thoughts (a summary, or with open models
    /// the thoughts themselves), and the sealed whole.
    init(responsesItem item: JSONObject) {
        let summary = Thinking.texts(item["summary"])
        let shown = summary.isEmpty ? Thinking.texts(item["content"]) : summary
        self.init(text: shown.joined(separator: Thinking.separator))
        if let sealed = item["encrypted_content"]?.string, !sealed.isEmpty {
            signature = ThoughtSignature(origin: .responses, value: sealed)
        }
    }

    /// What stands between the parts of a summary.
    static let separator = "\n\n"

    private static func texts(_ parts: JSON?) -> [String] {
        (parts?.array ?? []).compactMap { $0["text"]?.string }.filter { !$0.isEmpty }
    }
}
