import WeirCore

extension OpenAIDialect {
    /// - Parameter tier: the tier that an earlier chunk of the same stream told.
    func chatUsage(of reply: JSONObject, tier: String? = nil) -> ReportedUsage {
        usage(of: reply, .chat, tier: tier)
    }

    func responsesUsage(of reply: JSONObject, webSearches: Int64) -> ReportedUsage {
        usage(of: reply, .responses, webSearches: webSearches)
    }

    func embeddingsUsage(of reply: JSONObject) -> ReportedUsage {
        reportedUsage(in: reply, named: "usage") { usage throws(SuspectUsage) in
            TokenUsage(input: try usage.whole("prompt_tokens"), output: 0)
        }
    }

    private func usage(
        of reply: JSONObject, _ names: UsageNames, webSearches: Int64 = 0, tier: String? = nil
    ) -> ReportedUsage {
        let word = reply["service_tier"]?.string ?? tier
        let tier = serviceTier(word, among: [.flex, .priority])
        return reportedUsage(in: reply, named: "usage") { usage throws(SuspectUsage) in
            let input = try usage.whole(names.input)
            let named = try usage.whole(names.output)
            let unnamed = try unnamedOutput(usage, named: input + named)
            let inputDetails = try usage.section(names.inputDetails)
            let outputDetails = try usage.section(names.outputDetails)
            return TokenUsage(
                input: input, output: named + unnamed,
                cacheRead: try cacheRead(usage, inputDetails, input: input),
                cacheWrite5m: try inputDetails?.part("cache_write_tokens") ?? 0,
                reasoning: max(try outputDetails?.part("reasoning_tokens") ?? 0, unnamed),
                webSearches: webSearches, serviceTier: tier)
        }
    }

    /// What the total holds above its parts. Gemini's OpenAI door and xAI count thoughts there and
    /// nowhere else, so it is output that was generated, billed and not shown. A total below its
    /// parts can't be true; a missing one is no contradiction.
    private func unnamedOutput(
        _ usage: UsageObject, named: Int64
    ) throws(SuspectUsage) -> Int64 {
        guard let total = try usage.optional("total_tokens") else { return 0 }
        guard total >= named else { throw SuspectUsage("total_tokens is below its parts") }
        return total - named
    }

    /// A cache miss of DeepSeek's is plain input: it charges nothing for writing to its cache.
    private func cacheRead(
        _ usage: UsageObject, _ details: UsageObject?, input: Int64
    ) throws(SuspectUsage) -> Int64 {
        let cached = try details?.part("cached_tokens") ?? 0
        guard family == .deepSeek else { return cached }
        guard let hit = try usage.optional("prompt_cache_hit_tokens") else { return cached }
        if let miss = try usage.optional("prompt_cache_miss_tokens"), hit + miss != input {
            throw SuspectUsage("prompt_cache_hit_tokens and _miss_tokens don't add up")
        }
        return hit
    }
}

/// What one family of replies calls the parts of its usage.
private struct UsageNames {
    let input: String
    let output: String
    let inputDetails: String
    let outputDetails: String

    static let chat = UsageNames(
        input: "prompt_tokens", output: "completion_tokens",
        inputDetails: "prompt_tokens_details", outputDetails: "completion_tokens_details")
    static let responses = UsageNames(
        input: "input_tokens", output: "output_tokens",
        inputDetails: "input_tokens_details", outputDetails: "output_tokens_details")
}
