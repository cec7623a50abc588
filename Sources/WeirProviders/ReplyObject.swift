import WeirCore

/// The reply's top object. Throws where the bytes aren't one.
func replyObject(_ body: [UInt8], valueLimit: Int? = nil) throws(ReplyDefect) -> JSONObject {
    var limits = JSONParser.Limits.reply
    if let valueLimit { limits.values = valueLimit }
    let json: JSON
    do throws(JSONError) {
        json = try JSONParser.parse(body, limits)
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
