import NIOCore
import NIOHTTP1

extension SandboxEngine {
    /// The calls under `/_sandbox`; they need no credential.
    func control(_ request: SandboxRequest) -> SandboxReply {
        switch (request.method, request.path) {
        case (.GET, "/_sandbox/health"):
            return SandboxReply(body: "{\"status\":\"ok\"}")
        case (.GET, "/_sandbox/truth"):
            return SandboxReply(body: truth.totals)
        case (.GET, "/_sandbox/requests"):
            let last = request.parameter("last").flatMap { Int($0) } ?? 10
            return SandboxReply(body: requests.text(last: last))
        case (.GET, "/_sandbox/behaviour"):
            return SandboxReply(body: "[\(rules.all.map(\.text).joined(separator: ","))]")
        case (.PUT, "/_sandbox/behaviour"):
            return put(request)
        case (.DELETE, "/_sandbox/behaviour"):
            rules.clear()
            return SandboxReply(body: "{\"status\":\"ok\"}")
        default:
            return SandboxReply(status: 404, body: "{\"error\":\"no such sandbox call\"}")
        }
    }

    private func put(_ request: SandboxRequest) -> SandboxReply {
        do {
            let json = try SandboxJSON(Array(request.body.readableBytesView))
            guard rules.put(try .init(json)) else {
                return SandboxReply(status: 400, body: "{\"error\":\"too many rules\"}")
            }
            return SandboxReply(body: "{\"status\":\"ok\"}")
        } catch let fault as SandboxJSON.Malformed {
            return refusal("\(fault.reason) at byte \(fault.offset)")
        } catch let fault as SandboxBehaviour.Unknown {
            return refusal(fault.reason)
        } catch {
            return refusal("\(error)")
        }
    }

    private func refusal(_ reason: String) -> SandboxReply {
        SandboxReply(status: 400, body: "{\"error\":\(SandboxJSON.quote(reason))}")
    }
}

extension SandboxBehaviourRules.Rule {
    /// Reads `{"provider":…,"endpoint":…,"model":…,"count":…,"behaviour":{…}}`.
    init(_ json: SandboxJSON) throws(SandboxBehaviour.Unknown) {
        let known = ["provider", "endpoint", "model", "count", "behaviour"]
        for member in json.members ?? [] where !known.contains(member.key) {
            throw .init(reason: "unknown field: \(member.key)")
        }
        if let name = json["provider"]?.string, name != "*" {
            provider = SandboxProvider(rawValue: name)
            if provider == nil { throw .init(reason: "unknown provider: \(name)") }
        }
        if let name = json["endpoint"]?.string, name != "*" {
            endpoint = SandboxEndpoint(rawValue: name)
            if endpoint == nil { throw .init(reason: "unknown endpoint: \(name)") }
        }
        model = json["model"]?.string
        count = json["count"]?.integer
        if let count, count < 1 { throw .init(reason: "count is at least 1") }
        behaviour = try SandboxBehaviour(json: json["behaviour"] ?? .null)
    }

    var text: String {
        "{\"provider\":\(SandboxJSON.quote(provider?.rawValue ?? "*")),"
            + "\"endpoint\":\(SandboxJSON.quote(endpoint?.rawValue)),"
            + "\"model\":\(SandboxJSON.quote(model)),"
            + "\"count\":\(count.map(String.init) ?? "null"),"
            + "\"behaviour\":\(SandboxJSON.quote(behaviour.text))}"
    }
}
