import WeirCore

extension ResponsesRequest {
    /// A text, or a list of parts.
    mutating func read(
        content owner: ClientObject, _ name: String
    ) throws(WeirError) -> [ChatPart] {
        let content = try owner.required(name, owner[name])
        if let text = content.string { return [.text(text)] }
        guard content.array != nil else {
            throw owner.error(name, "must be a string or an array, not \(content.kind)")
        }
        var parts: [ChatPart] = []
        for part in try owner.objects(name) ?? [] {
            tally.items += 1
            parts.append(try read(part: part))
        }
        return parts
    }

    private mutating func read(part: ClientObject) throws(WeirError) -> ChatPart {
        try part.refusePricedCaching()
        var known: Set = ["type", "prompt_cache_breakpoint"]
        let read: ChatPart
        switch try part.required("type", try part.text("type")) {
        case "input_text", "output_text":
            known.formUnion(["text", "annotations", "logprobs"])
            read = .text(try part.required("text", try part.text("text")))
        case "refusal":
            known.insert("refusal")
            read = .text(try part.required("refusal", try part.text("refusal")))
        case "input_image":
            known.formUnion(["image_url", "detail"])
            var image = try picture(part)
            image.detail = try part.text("detail")
            read = .image(image)
        case "input_file":
            known.formUnion(["file_data", "file_url", "filename", "detail"])
            read = .document(try document(part), name: try part.text("filename"))
        case "input_audio": throw part.error("type", "is not supported: audio has no price here")
        default: throw part.error("type", "is not known here")
        }
        tally.uncarried += part.others(than: known.union(["file_id"]))
        return read
    }

    /// Pictures and files in an answer that only OpenAI's own kinds of tools give.
    mutating func countMedia(in item: ClientObject) throws(WeirError) {
        tally.growth += JSON.object(item.members).escapeGrowth
        if item["output"]?.object != nil, let screen = try item.object("output") {
            _ = try picture(screen)
        } else if item["output"] != nil {
            _ = try read(content: item, "output")
        }
    }

    private mutating func picture(_ part: ClientObject) throws(WeirError) -> ChatMedia {
        try part.refuse("file_id", ResponsesRequest.files)
        tally.images += 1
        let url = try part.required("image_url", try part.text("image_url"))
        let image = try media(part, "image_url", url)
        // What isn't a picture has another price wherever it is read at all.
        if case .base64 = image.source, image.isOf("image/") != true {
            throw part.error("image_url", "must hold a picture")
        }
        return image
    }

    private mutating func document(_ part: ClientObject) throws(WeirError) -> ChatMedia {
        try part.refuse("file_id", ResponsesRequest.files)
        tally.isOpen = true
        guard let data = try part.text("file_data") else {
            let url = try part.required("file_url", try part.text("file_url"))
            return try media(part, "file_url", url)
        }
        guard data.utf8.starts(with: "data:".utf8) else {
            return ChatMedia(source: .base64(try base64(part, "file_data", data)))
        }
        let file = try media(part, "file_data", data)
        guard file.isOf("audio/") != true, file.isOf("video/") != true else {
            throw part.error("file_data", "is not supported: audio and video have no price here")
        }
        return file
    }

    private static let files = "the provider's account is shared by all tenants"

    /// `data:image/png;base64,…`, or an address on the web.
    private mutating func media(
        _ part: ClientObject, _ name: String, _ url: String
    ) throws(WeirError) -> ChatMedia {
        if url.utf8.starts(with: "https://".utf8) || url.utf8.starts(with: "http://".utf8) {
            return ChatMedia(source: .url(url))
        }
        let mark = ";base64"
        guard url.utf8.starts(with: "data:".utf8),
            let comma = url.utf8.firstIndex(of: UInt8(ascii: ",")),
            url[..<comma].utf8.reversed().starts(with: mark.utf8.reversed())
        else {
            throw part.error(name, "must be an http or https address, or data in base64")
        }
        let data = String(url[url.utf8.index(after: comma)...])
        let type = url[..<comma].utf8.dropFirst(5).prefix { $0 != UInt8(ascii: ";") }
        return ChatMedia(
            source: .base64(try base64(part, name, data)),
            mediaType: type.isEmpty ? nil : String(decoding: type, as: UTF8.self).lowercased())
    }

    /// What isn't counted as text must not be read as text: the alphabet is checked.
    private mutating func base64(
        _ part: ClientObject, _ name: String, _ data: String
    ) throws(WeirError) -> String {
        guard data.utf8.allSatisfy({ isAlphanumeric($0) || "+/=-_\r\n".utf8.contains($0) }) else {
            throw part.error(name, "must hold base64")
        }
        tally.mediaBytes += Int64(data.utf8.count)
        return data
    }
}

extension ChatMedia {
    /// Whether its media type begins like this; nil where it has none.
    fileprivate func isOf(_ family: String) -> Bool? {
        mediaType.map { $0.utf8.starts(with: family.utf8) }
    }
}
