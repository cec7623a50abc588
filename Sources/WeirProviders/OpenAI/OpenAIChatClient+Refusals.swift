import WeirCore

extension OpenAIChatClient {
    /// Refuses what is billed without a price here, and what leads into the provider's account,
    /// which all tenants share.
    func refuseUnpriced(_ request: ClientObject) throws(WeirError) {
        for (name, reason) in unpriced { try request.refuse(name, reason) }
        for (index, modality) in (try request.array("modalities") ?? []).enumerated() {
            let name = "modalities[\(index)]"
            guard try request.string(modality, name) == "text" else {
                throw request.error(name, "is not supported here: only text has a price")
            }
        }
        if let tier = try request.text("service_tier"), !standardTiers.contains(tier) {
            throw request.error(
                "service_tier", "is not supported here: only the standard tier has a price")
        }
        let options = try request.object("prompt_cache_options")
        try options?.refuseCacheLife(longerThan: "30m")
        try request.refusePricedCaching()
        let google = try request.object("extra_body")?.object("google")
        try google?.refuse("cached_content", "the provider's account is shared by all tenants")
    }
}

/// Groq's word for its standard tier is `on_demand`.
private let standardTiers: Set<String> = ["auto", "default", "standard", "on_demand"]

private let unpriced: [(name: String, reason: String)] = [
    ("audio", "sound has no price"),
    ("prediction", "what is rejected of it is billed beside the answer"),
    ("web_search_options", "the provider's searches have no price"),
    ("search_parameters", "the provider's searches have no price"),
    ("enable_search", "the provider's searches have no price"),
    ("plugins", "what the provider runs has no price"),
    ("compound_custom", "what the provider runs has no price"),
    ("models", "one model has a price here, not whichever answers"),
    ("route", "one model has a price here, not whichever answers"),
    ("provider", "it chooses whose price is billed"),
    ("best_of", "answers that are thrown away are billed"),
    ("speed", "it multiplies the price"),
    ("inference_geo", "it multiplies the price"),
    ("cached_content", "the provider's account is shared by all tenants"),
    ("conversation", "the provider's account is shared by all tenants"),
    ("previous_response_id", "the provider's account is shared by all tenants"),
    ("background", "nothing is left at the provider to be fetched later"),
]

extension ClientObject {
    /// Marks for the prompt cache are hints, but for those that keep it for longer at a price of
    /// their own: a write is priced at the shortest life.
    func refusePricedCaching() throws(WeirError) {
        try object("prompt_cache_breakpoint")?.refuseCacheLife(longerThan: "30m")
        try object("cache_control")?.refuseCacheLife(longerThan: "5m")
    }

    fileprivate func refuseCacheLife(longerThan life: String) throws(WeirError) {
        guard let asked = try text("ttl"), asked != life else { return }
        throw error("ttl", "is not supported here: only writes for \(life) have a price")
    }
}
