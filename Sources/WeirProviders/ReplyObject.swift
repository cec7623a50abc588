package import WeirCore

/// The reply's top object. Throws where the bytes aren't one.
func replyObject(_ body: [UInt8]) throws(ReplyDefect) -> JSONObject {
    let json: JSON
    do throws(JSONError) {
        json = try JSONParser.parse(body, .reply)
    } catch {
        throw ReplyDefect("the reply is not JSON: \(error.reason) at byte \(error.offset)")
    }
    guard let object = json.object else { throw ReplyDefect("the reply is \(json.kind)") }
    return object
}

/// A tool's arguments out of the text that carries them. Empty text stands for no arguments; text
/// that isn't JSON stays as it is, since the caller may still mend it.
func toolArguments(_ text: String) -> JSON {
    if text.isEmpty { return .object(JSONObject()) }
    do throws(JSONError) {
        return try JSONParser.parse(Array(text.utf8), .reply)
    } catch {
        return .string(text)
    }
}

/// How many vectors an embeddings reply brought, and for what usage.
package struct EmbeddingsReply: Sendable, Equatable {
    package let count: Int
    package let usage: ReportedUsage
    /// The model that answered, where the provider names it.
    package let model: String?

    package init(count: Int, usage: ReportedUsage, model: String? = nil) {
        self.count = count
        self.usage = usage
        self.model = model
    }
}
