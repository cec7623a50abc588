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
        if case .base64 = image.source, !image.isOf("image/") {
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
            guard let file = tally.bareBase64(data) else {
                throw part.error("file_data", "must hold base64")
            }
            return file
        }
        let file = try media(part, "file_data", data)
        guard !file.isOf("audio/"), !file.isOf("video/") else {
            throw part.error("file_data", "is not supported: audio and video have no price here")
        }
        return file
    }

    private static let files = "the provider's account is shared by all tenants"

    /// `data:image/png;base64,…`, or an address on the web.
    private mutating func media(
        _ part: ClientObject, _ name: String, _ url: String
    ) throws(WeirError) -> ChatMedia {
        guard let media = tally.media(url) else {
            throw part.error(name, "must be an http or https address, or data in base64")
        }
        return media
    }
}
