package import WeirCore

/// Gemini's generateContent.
package struct GeminiDialect: ProviderDialect {
    package init() {}

    package var wires: [Wire] { [.generateContent] }
    package var probePath: String { "/v1beta/models" }
    /// SentencePiece counts the NFKC form of a text, which can be longer than the text.
    package var normalisesText: Bool { true }
    /// Large pictures are cut into tiles of 258 tokens each, a few dozen at the most.
    package var tokensPerImage: Int64 { 50_000 }
    package var embeddings: (any EmbeddingDialect)? { GeminiEmbeddings() }
    package var tokenCount: (any TokenCountDialect)? { self }

    package func credentials(_ key: String) -> [HeaderField] {
        [HeaderField("x-goog-api-key", key)]
    }

    package func encode(
        _ request: ChatRequest, isStream: Bool
    ) throws(WeirError) -> EncodedRequest {
        var body = JSONWriter()
        try write(request, to: &body)
        return EncodedRequest(path: path(request.model, isStream: isStream), body: body.bytes)
    }

    package func passThrough(_ request: PassThrough) -> EncodedRequest {
        var body = request.body
        body.rename(to: request.model)
        let place = body.spelling("generationConfig")
        var settings = body[place]?.object ?? JSONObject()
        settings.set(settings.spelling("maxOutputTokens"), JSON(request.maxTokens))
        body.set(place, .object(settings))
        return EncodedRequest(
            path: path(request.model, isStream: request.isStream),
            body: JSON.object(body).encoded)
    }

    package func replyStream(wire: Wire, includesUsage: Bool) -> any ReplyStreamDecoder {
        GeminiStreamDecoder(self)
    }

    private func path(_ model: ModelName, isStream: Bool) -> String {
        geminiPath(model, isStream ? "streamGenerateContent?alt=sse" : "generateContent")
    }
}

/// Below the base URL. A model's name is one segment: a slash in it must not lead to another
/// resource.
func geminiPath(_ model: ModelName, _ method: String) -> String {
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
    return "/v1beta/models/\(segment):\(method)"
}

extension JSONObject {
    /// Puts the provider's name for the model in the place of the caller's, where there is one.
    mutating func rename(to model: ModelName) {
        if self["model"] != nil { set("model", geminiName(model)) }
    }
}

/// As it stands in bodies.
func geminiName(_ model: ModelName) -> JSON { .string("models/\(model)") }
