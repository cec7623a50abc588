import WeirCore

/// An error as OpenAI's clients read it. `code` is Weir's stable one; the type is the nearest of
/// OpenAI's own.
struct ResponsesError {
    private let error: WeirError

    init(_ error: WeirError) { self.error = error }

    var body: [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.name("error")
        write(to: &writer)
        writer.endObject()
        return writer.bytes
    }

    /// The `error` event. Its fields are documented side by side, but servers and SDKs have them
    /// in an object `error`, which makes the SDKs throw: both are written.
    func writeEvent(to writer: inout JSONWriter) {
        writer.member("code", error.code.rawValue)
        writer.member("message", error.message)
        writeParam(to: &writer)
        writer.name("error")
        write(to: &writer)
    }

    private func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("message", error.message)
        writer.member("type", type)
        writeParam(to: &writer)
        writer.member("code", error.code.rawValue)
        writer.endObject()
    }

    private func writeParam(to writer: inout JSONWriter) {
        writer.member("param", error.param.map(JSON.string) ?? .null)
    }

    private var type: String {
        switch error.code.status {
        case 401: "authentication_error"
        case 402: "insufficient_quota"
        case 403: "permission_error"
        case 404: "not_found_error"
        case 429: "rate_limit_error"
        case 400..<500: "invalid_request_error"
        default: "server_error"
        }
    }
}
