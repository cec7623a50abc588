import WeirCore

extension ChatTally {
    /// Reads a part of a message's content. Unknown ones are refused: nobody can say what they
    /// would cost.
    mutating func read(_ part: ClientObject) throws(WeirError) -> ChatPart {
        items += 1
        try part.refusePricedCaching()
        let type = try part.required("type", part.text("type"))
        switch type {
        case "text": return .text(try part.required("text", part.text("text")))
        case "refusal": return .text(try part.required("refusal", part.text("refusal")))
        case "thinking": return .thinking(Thinking(text: try thoughts(part)))
        case "image_url": return .image(try image(part))
        case "file": return try file(part)
        case "document_url":
            let url = try part.required("document_url", part.text("document_url"))
            return .document(try document(url, part, "document_url"), name: nil)
        case "input_audio", "video_url", "input_video", "audio_url":
            throw part.error("type", "is not supported here: sound and video have no price")
        default: throw part.error("type", "is not supported here")
        }
    }

    /// Mistral's thoughts are a list of texts.
    private func thoughts(_ part: ClientObject) throws(WeirError) -> String {
        if let text = part["thinking"]?.string { return text }
        var text = ""
        for thought in try part.objects("thinking") ?? [] {
            text += try thought.text("text") ?? ""
        }
        return text
    }

    /// `{"url": …, "detail": …}`, or the bare address, as Mistral has it.
    private mutating func image(_ part: ClientObject) throws(WeirError) -> ChatMedia {
        images += 1
        let holder: ClientObject
        if part["image_url"]?.string != nil {
            holder = ClientObject(
                JSONObject([.init(name: "url", value: part["image_url"] ?? .null)]),
                path: part.param("image_url"))
        } else {
            holder = try part.required("image_url", part.object("image_url"))
        }
        let url = try holder.required("url", holder.text("url"))
        let detail = try holder.text("detail")
        let fault = holder.error("url", "must be an http or https address, or an image in base64")
        guard var media = media(url) else { throw fault }
        if case .base64 = media.source, !media.isOf("image/") { throw fault }
        media.detail = detail
        return media
    }

    private mutating func file(_ part: ClientObject) throws(WeirError) -> ChatPart {
        let file = try part.required("file", part.object("file"))
        try file.refuse("file_id", "the provider's account is shared by all tenants")
        let data = try file.required("file_data", file.text("file_data"))
        return .document(try document(data, file, "file_data"), name: try file.text("filename"))
    }

    /// A data URL, an address, or bare base64.
    private mutating func document(
        _ text: String, _ holder: ClientObject, _ name: String
    ) throws(WeirError) -> ChatMedia {
        isOpen = true
        guard let media = media(text) ?? bareBase64(text) else {
            throw holder.error(name, "must be base64, or an http or https address")
        }
        guard !media.isOf("audio/"), !media.isOf("video/") else {
            throw holder.error(name, "is not supported here: sound and video have no price")
        }
        return media
    }
}
