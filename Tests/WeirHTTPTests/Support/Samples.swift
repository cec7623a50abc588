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
        case "POST /ai/jobs":
            return (path, #"{"tenant_id": 42, "model": "small", "user_message": "Hi"}"#)
        case "POST /reports/generate": return (path, #"{"tenant_id": 42, "params": {"a": 1}}"#)
        case _ where path.hasPrefix("/reports"):
            return (path.replacing("{id}", with: "job_report"), nil)
        case let name where path.contains("/jobs"):
            let job =
                name.contains("dead")
                ? "job_dead" : name.contains("result") ? "job_done" : "job_open"
            let query = (endpoint.query ?? []).contains("tenant_id") ? "?tenant_id=42" : ""
            return (path.replacing("{id}", with: job) + query, nil)
        case "POST /admin/webhooks/{id}/retry":
            return (path.replacing("{id}", with: "job_dead-1"), nil)
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
        case let name where endpoint.dialect.wire != .complete && name.hasPrefix("POST"):
            return (path.replacing("{model...}", with: "small"), dropIn(path))
        default:
            var target = path.replacing("{model...}", with: "small")
                .replacing("/admin/tenants/{id}", with: "/admin/tenants/42")
            if endpoint.dialect.wire != .complete { return (target, nil) }
            target =
                target
                .replacing("{id}", with: "key_service")
            if (endpoint.query ?? []).contains("tenant_id") { target += "?tenant_id=42" }
            return (target, nil)
        }
    }

    private static func dropIn(_ path: String) -> String {
        switch path.split(separator: ":").last ?? "" {
        case "embedContent": #"{"content": {"parts": [{"text": "Hi"}]}}"#
        case "batchEmbedContents": #"{"requests": [{"content": {"parts": [{"text": "Hi"}]}}]}"#
        case "/v1/embeddings": #"{"model": "small", "input": "Hi"}"#
        case "/v1/responses": #"{"model": "small", "input": "Hi"}"#
        case "/v1/chat/completions", "/v1/messages", "/v1/messages/count_tokens":
            #"{"model":"small","max_tokens":9,"messages":[{"role":"user","content":"Hi"}]}"#
        default: #"{"contents": [{"parts": [{"text": "Hi"}]}]}"#
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
