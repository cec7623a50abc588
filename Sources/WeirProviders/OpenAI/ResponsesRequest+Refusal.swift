import WeirCore

extension ResponsesRequest {
    private static let refused: [(name: String, reason: String)] = [
        ("previous_response_id", shared), ("conversation", shared), ("prompt", shared),
        ("context_management", "compaction is billed beside the output cap"),
        ("background_options", "background responses outlive the call that pays for them"),
        ("max_tokens", "the output cap is max_output_tokens"),
        ("max_completion_tokens", "the output cap is max_output_tokens"),
        ("n", "a response is one answer"), ("best_of", "a response is one answer"),
        ("modalities", "sound has no price"), ("audio", "sound has no price"),
        ("prediction", "what is rejected of it is billed beside the answer"),
        ("web_search_options", hosted), ("plugins", hosted),
        ("models", routed), ("route", routed), ("provider", routed),
        ("speed", "it multiplies the price"), ("inference_geo", "it multiplies the price"),
    ]

    private static let routed = "the model that is asked for has a price, not whichever answers"
    private static let shared = "the provider's account is shared by all tenants"
    static let hosted = "tools that the provider runs have no bounded price here"

    /// What bills without a price here, and what other tenants could reach or have left behind.
    func refuse() throws(WeirError) {
        for field in ResponsesRequest.refused { try object.refuse(field.name, field.reason) }
        if try object.bool("background") == true {
            throw object.error(
                "background", "is not supported here: such responses outlive the call that pays")
        }
        let tier = try object.text("service_tier") ?? "auto"
        guard ["auto", "default", "standard"].contains(tier) else {
            throw object.error("service_tier", "must be auto or default: others have other prices")
        }
        if let options = try object.object("prompt_cache_options") {
            try options.refuse("comparison_response_id", ResponsesRequest.shared)
            if let life = try options.text("ttl"), life != "30m" {
                throw options.error("ttl", "must be 30m: only writes for so long have a price")
            }
        }
    }
}
