import WeirCore

/// Members of a request that bill without a price here, or that reach into the account which all
/// tenants share.
enum AnthropicRefusals {
    static func check(_ request: ClientObject) throws(WeirError) {
        for (name, reason) in members { try request.refuse(name, reason) }
        try allow(["auto", "standard_only"], "service_tier", of: request)
        try allow(["standard"], "speed", of: request)
        try allow(["global"], "inference_geo", of: request)
        guard let management = try request.object("context_management") else { return }
        for edit in try management.objects("edits", limit: 100) ?? [] {
            let type = try edit.required("type", try edit.text("type"))
            guard freeEdits.contains(type) else {
                throw edit.error("type", "is not supported here: \(unbounded)")
            }
        }
    }

    private static func allow(
        _ words: Set<String>, _ name: String, of request: ClientObject
    ) throws(WeirError) {
        guard let word = try request.text(name), !words.contains(word) else { return }
        throw request.error(
            name, "must be \(words.sorted().joined(separator: " or ")): nothing else has a price")
    }

    static let shared = "it belongs to an account that several tenants share"
    static let providerRun = "what the provider runs itself is billed beyond the answer's tokens"
    private static let unbounded = "nothing bounds what it reads and writes"

    private static let members = [
        ("container", shared), ("thread", shared), ("diagnostics", shared),
        ("mcp_servers", providerRun), ("compaction", unbounded),
        ("fallbacks", "another model answers at another price"),
        ("fallback_credit_token", shared), ("billing_policy", shared),
        ("user_profile_id", shared), ("workspace_id", shared),
    ]

    /// They only take something away; compacting samples a second time.
    private static let freeEdits: Set<String> = [
        "clear_tool_uses_20250919", "clear_thinking_20251015",
    ]
}
