import WeirCore

extension GeminiReading {
    /// A picture or a document out of `inlineData` or `fileData`.
    mutating func read(media part: GeminiObject, _ name: String) throws(WeirError) -> ChatPart {
        let media = try part.required(name, try part.message(name))
        let type = try mediaType(media)
        leaveBehind(media, otherThan: ["mimeType", "data", "fileUri", "displayName"])
        if name == "fileData" {
            let address = try media.required("fileUri", try media.text("fileUri"))
            let checked = try MediaAddress(address, param: media.param("fileUri"))
            let read = ChatMedia(source: .url(checked.text), mediaType: type)
            return try chatPart(of: read, name: try media.text("displayName"))
        }
        let data = try media.required("data", try media.text("data"))
        guard let base64 = Base64Text.standard(data) else {
            throw media.error("data", "must be base64")
        }
        if type.utf8.starts(with: "text/".utf8), let bytes = Base64Text.decode(base64),
            let text = String(validating: bytes, as: UTF8.self)
        {
            // Read as text and counted as such: base64 is longer than what it holds. Only what
            // normalisation may grow is open, since nobody sees it in the body.
            if !bytes.allSatisfy({ $0 < 0x80 }) { isOpen = true }
            let read = ChatMedia(source: .text(text), mediaType: type)
            return .document(read, name: try media.text("displayName"))
        }
        mediaBytes += Int64(data.utf8.count)
        let read = ChatMedia(source: .base64(base64), mediaType: type)
        return try chatPart(of: read, name: try media.text("displayName"))
    }

    private mutating func chatPart(of media: ChatMedia, name: String?) throws(WeirError) -> ChatPart
    {
        if (media.mediaType ?? "").utf8.starts(with: "image/".utf8) {
            images += 1
            return .image(media)
        }
        isOpen = true
        return .document(media, name: name)
    }

    /// In lower case; sounds and films have no price here.
    private func mediaType(_ media: GeminiObject) throws(WeirError) -> String {
        let type = try media.required("mimeType", try media.text("mimeType")).lowercased()
        let kind = type.utf8.prefix { $0 != UInt8(ascii: "/") }
        switch String(decoding: kind, as: UTF8.self) {
        case "audio", "video":
            throw media.error("mimeType", "is not supported here: audio and video have no price")
        default: return type
        }
    }
}
