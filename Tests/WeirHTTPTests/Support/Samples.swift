import HTTPTypes
import WeirCore
import WeirService

@testable import WeirHTTP

/// For each route a request that succeeds for whoever may make it.
enum Samples {
    static func request(_ endpoint: Endpoint) -> (target: String, body: String?) {
        let path = endpoint.path
        switch "\(endpoint.method.rawValue) \(path)" {
        case "POST /ai/complete":
            return (path, #"{"tenant_id": 42, "model": "small", "user_message": "Hi"}"#)
        case "PUT /admin/tenants/{id}": return ("/admin/tenants/42", #"{"name": "New"}"#)
        case "POST /admin/keys":
            return (path, #"{"name": "till", "role": "service", "tenants": [42]}"#)
        case "PUT /admin/kill-switches":
            return (path, #"{"target": "tenant:42", "engaged": true}"#)
        case "PUT /admin/prices": return (path, #"{"version": "test.2", "prices": []}"#)
        case "POST /admin/adjustments":
            let body =
                #"{"tenant_id": 42, "attempt_id": "7", "amount_usd": -0.0005, "reason": "late"}"#
            return (path, body)
        default:
            var target = path.replacing("/admin/tenants/{id}", with: "/admin/tenants/42")
                .replacing("{id}", with: "key_service")
            if (endpoint.query ?? []).contains("tenant_id") { target += "?tenant_id=42" }
            return (target, nil)
        }
    }
}

extension CompletionCall {
    /// What a chat asks for; nil for anything else.
    private var chat: ChatRequest? {
        if case .chat(let client) = work { client.chat } else { nil }
    }

    var system: String? { chat?.system }
    var messages: [ChatMessage] { chat?.messages ?? [] }
    var maxTokens: Int64? { chat?.maxTokens }
    var temperature: DecimalNumber? { chat?.temperature }
    var topP: DecimalNumber? { chat?.topP }
    var stop: [String] { chat?.stop ?? [] }
}
