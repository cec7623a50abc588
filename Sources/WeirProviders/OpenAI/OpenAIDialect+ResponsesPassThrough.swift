import WeirCore

extension OpenAIDialect {
    /// A client's own body for the Responses API. Beside what every pass-through changes, nothing
    /// is stored: the provider's account is shared by all tenants, and Weir has no endpoint to read
    /// a stored response again.
    func passThroughResponses(_ request: PassThrough) -> EncodedRequest {
        var body = request.body
        body.set("model", .string(request.model.description))
        body.set("max_output_tokens", JSON(request.maxTokens))
        if request.isStream || body["stream"]?.bool == true {
            body.set("stream", .bool(request.isStream))
        }
        body.set("store", false)
        if let input = body["input"]?.array, !input.allSatisfy(isReadableHere) {
            body.set("input", .array(input.filter(isReadableHere)))
        }
        return EncodedRequest(path: "/responses", body: JSON.object(body).encoded)
    }
}

/// Whether an input item can be read where nothing is stored. A `reasoning` item with neither
/// sealed nor open thoughts only points to a stored one, and thoughts that another provider sealed
/// would be refused; without either the conversation goes on.
func isReadableHere(_ item: JSON) -> Bool {
    guard item["type"]?.string == "reasoning" else { return true }
    guard let sealed = item["encrypted_content"]?.string, !sealed.isEmpty else {
        return item["content"]?.array?.isEmpty == false
    }
    return ThoughtSignature(sealed, from: .responses).origin == .responses
}
