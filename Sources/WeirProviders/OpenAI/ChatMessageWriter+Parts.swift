import WeirCore

extension ChatMessageWriter {
    /// Writes an element of a message's content.
    mutating func writePart(_ part: ChatPart) throws(WeirError) {
        switch part {
        case .text(let text): body.value(["type": "text", "text": .string(text)])
        case .image(let image): try writeImage(image)
        case .document(let document, let name): try writeDocument(document, name)
        case .toolCall, .toolResult, .thinking:
            throw uncarried("messages", "an assistant's part of a user's turn")
        }
    }

    private mutating func writeImage(_ image: ChatMedia) throws(WeirError) {
        let url: String
        switch image.source {
        case .base64(let data): url = dataURL(data, image.mediaType ?? "image/png")
        case .url(let address): url = address
        case .text: throw uncarried("messages", "a picture as text")
        }
        body.beginObject()
        body.member("type", "image_url")
        body.name("image_url")
        body.beginObject()
        body.member("url", url)
        if let detail = image.detail { body.member("detail", detail) }
        body.endObject()
        body.endObject()
    }

    /// Files go by value only; DeepSeek takes none.
    private mutating func writeDocument(
        _ document: ChatMedia, _ name: String?
    ) throws(WeirError) {
        switch document.source {
        case .text(let text): body.value(["type": "text", "text": .string(text)])
        case .base64(let data) where family != .deepSeek:
            let url = dataURL(data, document.mediaType ?? "application/pdf")
            body.value([
                "type": "file",
                "file": ["filename": .string(name ?? "document.pdf"), "file_data": .string(url)],
            ])
        case .base64: throw uncarried("messages", "a file")
        case .url: throw uncarried("messages", "a file's address")
        }
    }
}

private func dataURL(_ base64: String, _ mediaType: String) -> String {
    "data:\(mediaType);base64,\(base64)"
}
