import WeirCore

extension AnthropicRequestReader {
    mutating func text(_ block: ClientObject) throws(WeirError) -> String {
        guard try block.text("type") == "text" else {
            throw block.error("type", "must be text")
        }
        note(block, but: ["text", "citations"])
        // What an earlier answer quoted; an empty list says nothing.
        if let citations = try block.array("citations"), !citations.isEmpty {
            note([block.param("citations")])
        }
        return try block.required("text", try block.text("text"))
    }

    /// What one block of a message is; several parts only where no other wire has its like, so
    /// that each text in it is seen by itself.
    mutating func parts(of block: ClientObject) throws(WeirError) -> [ChatPart] {
        let type = try block.required("type", try block.text("type"))
        switch type {
        case "text", "image", "document", "search_result": return try content(block, type)
        case "tool_use": return [.toolCall(try call(block))]
        case "tool_result": return [.toolResult(try result(block))]
        case "thinking":
            note(block, but: ["thinking", "signature"])
            let proof = try block.text("signature") ?? ""
            let text = try block.required("thinking", try block.text("thinking"))
            // Ours has none where its provider gave none.
            let signature = proof.isEmpty ? nil : ThoughtSignature(proof, from: .messages)
            return [.thinking(Thinking(text: text, signature: signature))]
        case "redacted_thinking":
            note(block, but: ["data"])
            let data = try block.required("data", try block.text("data"))
            return [
                .thinking(
                    Thinking(text: "", redacted: ThoughtSignature(data, from: .messages)))
            ]
        case "container_upload":
            throw block.error("type", "is not supported here: \(AnthropicRefusals.shared)")
        case "tool_addition", "tool_removal":
            note([block.param("type")])
            try readToolChange(block)
            return []
        default:
            guard AnthropicRequestReader.history.contains(type) else {
                throw block.error("type", "is no kind of content that is known here")
            }
            // Results are sealed: how long they are is known to the provider only.
            note([block.param("type")])
            countOpen()
            return prose(in: .object(block.members)).map(ChatPart.text)
        }
    }

    /// Calls of tools that the provider ran in earlier turns, and other marks that it left there.
    private static let history: Set<String> = [
        "server_tool_use", "web_search_tool_result", "web_fetch_tool_result",
        "code_execution_tool_result", "bash_code_execution_tool_result",
        "text_editor_code_execution_tool_result", "tool_search_tool_result", "mcp_tool_use",
        "mcp_tool_result", "mcp_tool_listing", "advisor_tool_result", "compaction", "fallback",
    ]

    /// A block that may stand in a message and in a tool's result.
    private mutating func content(
        _ block: ClientObject, _ type: String
    ) throws(WeirError) -> [ChatPart] {
        switch type {
        case "text": return [.text(try text(block))]
        case "image": return [.image(try image(block))]
        case "document": return try document(block)
        case "search_result":
            note([block.param("type")])
            return try quotable(block, blocks: try block.objects("content") ?? [])
        case "tool_reference", "browser_state":
            note([block.param("type")])
            return prose(in: .object(block.members)).map(ChatPart.text)
        default: throw block.error("type", "is no kind of content that is known here")
        }
    }

    private mutating func call(_ block: ClientObject) throws(WeirError) -> ToolCall {
        note(block, but: ["id", "name", "input", "caller"])
        if let caller = try block.object("caller"), try caller.text("type") != "direct" {
            note([block.param("caller")])
        }
        let input = try block.required("input", try block.object("input"))
        countJSON(.object(input.members))
        return ToolCall(
            id: try block.required("id", try block.text("id")),
            name: try block.required("name", try block.text("name")),
            arguments: .object(input.members))
    }

    private mutating func result(_ block: ClientObject) throws(WeirError) -> ToolResult {
        note(block, but: ["tool_use_id", "content", "is_error"])
        var result = ToolResult(
            callID: try block.required("tool_use_id", try block.text("tool_use_id")),
            content: [], isError: try block.bool("is_error") ?? false)
        if let text = block["content"]?.string {
            result.content = [.text(text)]
            return result
        }
        for part in try block.objects("content") ?? [] {
            countItem()
            result.content += try content(part, try part.required("type", try part.text("type")))
        }
        return result
    }

    private mutating func image(_ block: ClientObject) throws(WeirError) -> ChatMedia {
        note(block, but: ["source"])
        countImage()
        let source = try block.required("source", try block.object("source"))
        return try media(source, of: "image/")
    }

    /// Data isn't counted as text: it must be what it is called, or another provider might read
    /// it as text or hear it.
    private mutating func media(
        _ source: ClientObject, of kind: String
    ) throws(WeirError) -> ChatMedia {
        switch try source.required("type", try source.text("type")) {
        case "base64":
            let data = try source.required("data", try source.text("data"))
            guard data.utf8.allSatisfy({ isAlphanumeric($0) || "+/=".utf8.contains($0) }) else {
                throw source.error("data", "must be base64")
            }
            countMedia(data)
            let type = try source.required("media_type", try source.text("media_type"))
            guard type.utf8.starts(with: kind.utf8) else {
                throw source.error("media_type", "must begin with \(kind)")
            }
            return ChatMedia(source: .base64(data), mediaType: type)
        case "url":
            let address = try source.required("url", try source.text("url"))
            guard ["https://", "http://"].contains(where: { address.utf8.starts(with: $0.utf8) })
            else { throw source.error("url", "must be an http or https address") }
            return ChatMedia(source: .url(address))
        case "file":
            throw source.error("type", "is not supported here: \(AnthropicRefusals.shared)")
        default: throw source.error("type", "must be base64 or url")
        }
    }

    private mutating func document(_ block: ClientObject) throws(WeirError) -> [ChatPart] {
        note(block, but: ["source", "title", "citations"])
        let source = try block.required("source", try block.object("source"))
        let name = try block.text("title")
        let extra = try block.text("context").map { [ChatPart.text($0)] } ?? []
        let isQuotable = try block.object("citations")?.bool("enabled") ?? false
        if isQuotable {
            // The provider cuts it into numbered pieces, as many as it sees fit.
            note([block.param("citations")])
            countOpen()
        }
        switch try source.required("type", try source.text("type")) {
        case "text":
            let text = try source.required("data", try source.text("data"))
            return [.document(ChatMedia(source: .text(text), mediaType: "text/plain"), name: name)]
                + extra
        case "content":
            note([source.param("type")])
            guard source["content"]?.string == nil else {
                return [.text(try source.text("content") ?? "")] + extra
            }
            return try quotable(source, blocks: try source.objects("content") ?? []) + extra
        default:
            // Pages are read as text and as pictures: their number isn't known here.
            countOpen()
            return [.document(try media(source, of: "application/pdf"), name: name)] + extra
        }
    }

    /// Pieces that an answer can quote.
    private mutating func quotable(
        _ holder: ClientObject, blocks: [ClientObject]
    ) throws(WeirError) -> [ChatPart] {
        if try holder.object("citations")?.bool("enabled") ?? false { countOpen() }
        var parts: [ChatPart] = []
        for name in ["title", "source"] where holder[name]?.string != nil {
            parts += try holder.text(name).map { [.text($0)] } ?? []
        }
        for block in blocks {
            countItem()
            parts += try content(block, try block.required("type", try block.text("type")))
        }
        return parts
    }

    /// The texts in a value that no other wire has the like of, each by itself.
    private func prose(in json: JSON) -> [String] {
        switch json {
        case .null, .bool, .number, .string: []
        case .array(let elements): elements.flatMap(prose)
        case .object(let object):
            object.members.flatMap { member -> [String] in
                guard let text = member.value.string else { return prose(in: member.value) }
                return ["text", "content"].contains(member.name) ? [text] : []
            }
        }
    }
}
