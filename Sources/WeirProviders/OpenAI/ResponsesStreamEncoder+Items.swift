import WeirCore

/// What begins, what is told, what ends.
extension ResponsesStreamEncoder {
    mutating func begin() {
        guard !hasBegun else { return }
        hasBegun = true
        for type in ["response.created", "response.in_progress"] {
            sendResponse(type, .inProgress, usage: nil)
        }
    }

    mutating func complete(_ end: StreamEnd) {
        begin()
        let status = ResponsesBody.Status(end.finish)
        if status.isComplete, items.allSatisfy(\.isReasoning) { openMessage() }
        // A cut answer was cut in its last item.
        let last = items.count - 1
        let unfinished = Set(calls.values).union(open.map { [$0] } ?? [])
        for place in unfinished.sorted() {
            close(place, place == last ? status : .completed)
        }
        sendResponse("response.\(status.word)", status, usage: end.usage)
    }

    private mutating func sendResponse(
        _ type: String, _ status: ResponsesBody.Status, usage: TokenUsage?
    ) {
        let (body, items) = (body, items)
        send(type) { writer in
            writer.name("response")
            body.write(status, items, usage, to: &writer)
        }
    }

    mutating func write(text: String) {
        guard !text.isEmpty else { return }
        if open.map({ items[$0].isReasoning }) ?? true { openMessage() }
        guard let place = open else { return }
        items[place].text += text
        send("response.output_text.delta", at: place, part: "content_index") { writer in
            writer.member("delta", text)
            writer.member("logprobs", [])
        }
    }

    mutating func write(thinking text: String) {
        guard !text.isEmpty else { return }
        if !(open.map { items[$0].isReasoning } ?? false) { openReasoning() }
        guard let place = open else { return }
        if items[place].text.isEmpty {
            send("response.reasoning_summary_part.added", at: place, part: "summary_index") {
                $0.name("part")
                ResponsesItem.write(summary: "", to: &$0)
            }
        }
        items[place].text += text
        send("response.reasoning_summary_text.delta", at: place, part: "summary_index") {
            $0.member("delta", text)
        }
    }

    /// A proof ends the thoughts that it is for; one without thoughts is an item of its own.
    mutating func seal(_ seal: ResponsesSeal) {
        if case .thought = seal, let place = open, items[place].isReasoning {
            items[place].kind = .reasoning(seal: seal)
        } else {
            openReasoning()
            if let place = open { items[place].kind = .reasoning(seal: seal) }
        }
        closeOpen()
    }

    private mutating func openMessage() {
        let place = add("msg", .message)
        open = place
        send("response.content_part.added", at: place, part: "content_index") { writer in
            writer.name("part")
            ResponsesItem.write(text: "", to: &writer)
        }
    }

    private mutating func openReasoning() { open = add("rs", .reasoning(seal: nil)) }

    mutating func openCall(
        _ index: Int, _ id: String?, _ name: String, _ signature: ThoughtSignature?
    ) {
        if let signature { seal(.call(signature)) }
        let id = names.call(id, at: items.count)
        calls[index] = add("fc", .call(id: id, name: name))
    }

    mutating func write(arguments: String, of index: Int) {
        guard let place = calls[index], !arguments.isEmpty else { return }
        items[place].text += arguments
        send("response.function_call_arguments.delta", at: place) { writer in
            writer.member("delta", arguments)
        }
    }

    /// Ends what is being told, and begins an item.
    private mutating func add(_ prefix: String, _ kind: ResponsesItem.Kind) -> Int {
        begin()
        closeOpen()
        let place = items.count
        let item = ResponsesItem(
            id: names.item(prefix, at: place), kind: kind, text: "")
        items.append(item)
        sendItem("response.output_item.added", place, .inProgress)
        return place
    }

    private mutating func closeOpen() {
        if let place = open { close(place, .completed) }
        open = nil
    }

    private mutating func close(_ place: Int, _ status: ResponsesBody.Status) {
        let text = items[place].text
        switch items[place].kind {
        case .reasoning where text.isEmpty: break
        case .reasoning: closeSummary(place, text)
        case .message: closeText(place, text)
        case .call(_, let name): closeArguments(place, name, text)
        }
        sendItem("response.output_item.done", place, status)
    }

    private mutating func closeSummary(_ place: Int, _ text: String) {
        send("response.reasoning_summary_text.done", at: place, part: "summary_index") {
            $0.member("text", text)
        }
        send("response.reasoning_summary_part.done", at: place, part: "summary_index") {
            $0.name("part")
            ResponsesItem.write(summary: text, to: &$0)
        }
    }

    private mutating func closeText(_ place: Int, _ text: String) {
        send("response.output_text.done", at: place, part: "content_index") { writer in
            writer.member("text", text)
            writer.member("logprobs", [])
        }
        send("response.content_part.done", at: place, part: "content_index") { writer in
            writer.name("part")
            ResponsesItem.write(text: text, to: &writer)
        }
    }

    /// Arguments are JSON to whoever reads them: none are an empty object.
    private mutating func closeArguments(_ place: Int, _ name: String, _ text: String) {
        if text.isEmpty, let index = calls.first(where: { $0.value == place })?.key {
            write(arguments: "{}", of: index)
        }
        let arguments = items[place].text
        send("response.function_call_arguments.done", at: place) { writer in
            writer.member("name", name)
            writer.member("arguments", arguments)
        }
    }

    private mutating func sendItem(
        _ type: String, _ place: Int, _ status: ResponsesBody.Status
    ) {
        let item = items[place]
        send(type) { writer in
            writer.member("output_index", Int64(place))
            writer.name("item")
            item.write(status: status.word, to: &writer)
        }
    }
}
