import WeirCore

extension ResponsesRequest {
    private static let refused: [(name: String, reason: String)] = [
        ("previous_response_id", shared), ("conversation", shared), ("prompt", shared),
        ("context_management", "compaction is billed beside the output cap"),
        ("background_options", "background responses outlive the call that pays for them"),
        ("max_tokens", "the output cap is max_output_tokens"),
        ("max_completion_tokens", "the output cap is max_output_tokens"),
        ("n", "a response is one answer"),
        ("modalities", "audio has no price here"), ("audio", "audio has no price here"),
        ("prediction", "rejected predictions have no price here"),
        ("web_search_options", hosted), ("plugins", hosted),
    ]

    private static let shared = "it is kept in the provider's account, which all tenants share"
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
            try refuseLongCache(options)
        }
    }

    /// Writing to a cache that lives longer has a price of its own.
    func refuseLongCache(_ options: ClientObject) throws(WeirError) {
        guard let lifetime = try options.text("ttl"), lifetime != "30m" else { return }
        throw options.error("ttl", "must be 30m: a longer life has no price here")
    }

    func refuseLongCache(in part: ClientObject) throws(WeirError) {
        guard let mark = try part.object("prompt_cache_breakpoint") else { return }
        try refuseLongCache(mark)
    }
}
