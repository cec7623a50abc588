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
        guard let media = media(url, detail: detail) else { throw fault }
        if let type = media.mediaType {
            guard type.utf8.starts(with: "image/".utf8) else { throw fault }
        }
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
        if let media = media(text, detail: nil) { return media }
        guard !text.isEmpty, text.utf8.allSatisfy(isBase64Byte) else {
            throw holder.error(name, "must be base64, or an http or https address")
        }
        mediaBytes += Int64(text.utf8.count)
        return ChatMedia(source: .base64(text))
    }

    /// Nil where it is neither base64 in a data URL nor something that a provider may fetch.
    private mutating func media(_ url: String, detail: String?) -> ChatMedia? {
        let bytes = url.utf8
        if bytes.starts(with: "https://".utf8) || bytes.starts(with: "http://".utf8) {
            return ChatMedia(source: .url(url), detail: detail)
        }
        guard bytes.starts(with: "data:".utf8), let comma = bytes.firstIndex(of: 0x2C) else {
            return nil
        }
        let head = bytes[bytes.index(bytes.startIndex, offsetBy: 5)..<comma]
        let marks = head.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false)
        guard let type = marks.first, marks.count > 1,
            marks.last?.elementsEqual("base64".utf8) == true,
            (1...127).contains(type.count), type.allSatisfy(isMediaTypeByte)
        else { return nil }
        let data = bytes[bytes.index(after: comma)...]
        guard data.allSatisfy(isBase64Byte) else { return nil }
        mediaBytes += Int64(data.count)
        return ChatMedia(
            source: .base64(String(decoding: data, as: UTF8.self)),
            mediaType: String(decoding: type, as: UTF8.self).lowercased(), detail: detail)
    }
}

/// Whoever can hide prose in base64 is read for more than he pays: the alphabet is checked.
private func isBase64Byte(_ byte: UInt8) -> Bool {
    isAlphanumeric(byte) || "+/=-_\r\n".utf8.contains(byte)
}

private func isMediaTypeByte(_ byte: UInt8) -> Bool {
    isAlphanumeric(byte) || "/.+-_".utf8.contains(byte)
}
