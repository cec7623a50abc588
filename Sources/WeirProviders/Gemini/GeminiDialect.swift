package import WeirCore

/// Gemini's generateContent.
package struct GeminiDialect: ProviderDialect {
    package init() {}

    package var probePath: String { "/v1beta/models" }
    /// SentencePiece counts the NFKC form of a text, which can be longer than the text.
    package var normalisesText: Bool { true }

    package func credentials(_ key: String) -> [HeaderField] {
        [HeaderField("x-goog-api-key", key)]
    }

    package func encode(_ request: ChatRequest) -> EncodedRequest {
        var body = JSONWriter()
        body.beginObject()
        if let system = request.system, !system.isEmpty {
            body.name("systemInstruction")
            body.beginObject()
            write(parts: system, to: &body)
            body.endObject()
        }
        body.name("contents")
        body.beginArray()
        for message in request.messages {
            body.beginObject()
            body.member("role", message.role == .user ? "user" : "model")
            write(parts: message.text, to: &body)
            body.endObject()
        }
        body.endArray()
        body.name("generationConfig")
        body.beginObject()
        body.member("maxOutputTokens", request.maxTokens)
        if let temperature = request.temperature { body.member("temperature", temperature) }
        if let topP = request.topP { body.member("topP", topP) }
        body.member("stopSequences", unlessEmpty: request.stop)
        body.endObject()
        body.endObject()
        let model = pathSegment(request.model)
        return EncodedRequest(
            path: "/v1beta/models/\(model):generateContent", body: body.bytes)
    }

    private func write(parts text: String, to body: inout JSONWriter) {
        body.name("parts")
        body.beginArray()
        body.beginObject()
        body.member("text", text)
        body.endObject()
        body.endArray()
    }
}

/// A model's name as one segment of a path: a slash in it must not lead to another resource.
private func pathSegment(_ model: ModelName) -> String {
    var segment = ""
    for byte in model.description.utf8 {
        switch byte {
        case UInt8(ascii: "/"): segment += "%2F"
        case UInt8(ascii: ":"): segment += "%3A"
        case UInt8(ascii: "@"): segment += "%40"
        case UInt8(ascii: "+"): segment += "%2B"
        default: segment.unicodeScalars.append(Unicode.Scalar(byte))
        }
    }
    return segment
}
