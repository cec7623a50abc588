import NIOCore
import NIOHTTP1

/// One recorded exchange with a real provider.
struct SandboxRecording: Sendable {
    let id: String
    let provider: SandboxProvider
    let route: SandboxRoute
    let model: String
    let request: SandboxJSON
    let isStream: Bool
    let reply: SandboxReply
    /// As the recorded answer tells it; nil: it doesn't.
    let usage: SandboxUsage?

    var endpoint: SandboxEndpoint { route.endpoint }

    /// Reads one line of a recordings file; nil where it is of no endpoint the sandbox has.
    init?(_ json: SandboxJSON) {
        guard let id = json["id"]?.string, let name = json["provider"]?.string,
            let path = json["path"]?.string, let status = json["status"]?.integer,
            let request = json["request"], let response = json["response"]
        else { return nil }
        let provider = SandboxProvider(rawValue: name) ?? .compatible
        guard let route = SandboxRecording.route(provider, path) else { return nil }
        self.id = id
        self.provider = provider
        self.route = route
        model = route.model ?? request["model"]?.string ?? ""
        self.request = request
        isStream = json["stream"]?.bool ?? false
        usage = SandboxRecordedUsage.read(response, provider)
        reply = SandboxRecording.reply(
            response, status: status, contentType: json["content_type"]?.string,
            isStream: isStream, reportsUsage: usage != nil)
    }

    /// The recorded path as this sandbox's route, whatever prefix the real server has.
    private static func route(_ provider: SandboxProvider, _ path: String) -> SandboxRoute? {
        let tails: [(tail: String, path: String)] =
            switch provider {
            case .gemini: [("", path)]
            case .anthropic: [("", path)]
            case .deepseek:
                [("/chat/completions", "/chat/completions"), ("/responses", "/responses")]
            case .openai, .compatible:
                [
                    ("/chat/completions", "/v1/chat/completions"),
                    ("/responses", "/v1/responses"), ("/embeddings", "/v1/embeddings"),
                ]
            }
        guard let match = tails.first(where: { path.hasSuffix($0.tail) }) else { return nil }
        return SandboxRoute(method: .POST, path: "/\(provider.rawValue)\(match.path)")
    }

    /// The answer as recorded; a stream cut at its blank lines.
    private static func reply(
        _ response: SandboxJSON, status: Int, contentType: String?, isStream: Bool,
        reportsUsage: Bool
    ) -> SandboxReply {
        let text = response.string ?? response.text()
        var reply: SandboxReply
        if isStream {
            reply = SandboxReply(
                events: events(of: text),
                errorEvent: "data: {\"error\":{\"message\":\"sandbox\"}}\n\n",
                reportsUsage: reportsUsage)
        } else {
            reply = SandboxReply(body: text, reportsUsage: reportsUsage)
        }
        reply.status = status
        reply.contentType = contentType ?? reply.contentType
        return reply
    }

    private static func events(of text: String) -> [String] {
        let bytes = Array(text.utf8)
        var events: [String] = []
        var start = 0
        var at = 0
        while at < bytes.count {
            let isBlank =
                bytes[at...].starts(with: [0x0A, 0x0A])
                || bytes[at...].starts(with: [0x0A, 0x0D, 0x0A])
            at += 1
            if isBlank {
                at += bytes[at] == 0x0A ? 1 : 2
                events.append(String(decoding: bytes[start..<at], as: UTF8.self))
                start = at
            }
        }
        if start < bytes.count {
            events.append(String(decoding: bytes[start...], as: UTF8.self))
        }
        return events
    }
}
