import WeirCore

extension AnthropicDialect {
    /// `input_tokens` leaves out what a cache read or wrote: all input is the sum of the three.
    ///
    /// The counts cover every sampling step of the asked model but the ones that compacted the
    /// context, which stand in `iterations` alone and are billed at the same price: they are added.
    /// Steps of an advisor (another model at another price) can't be told in one usage and aren't
    /// counted here; a request that could cause them must be refused as unpriced.
    func usage(of reply: JSONObject) -> ReportedUsage {
        reportedUsage(in: reply, named: "usage") { usage throws(SuspectUsage) in
            var counts = try AnthropicCounts(usage)
            for step in try usage.sections("iterations") where step.word("type") == "compaction" {
                counts.add(try AnthropicCounts(step))
            }
            let searches = try usage.section("server_tool_use")?.part("web_search_requests") ?? 0
            let details = try usage.section("output_tokens_details")
            return TokenUsage(
                input: counts.uncached + counts.read + counts.written5m + counts.written1h,
                output: counts.output, cacheRead: counts.read, cacheWrite5m: counts.written5m,
                cacheWrite1h: counts.written1h,
                reasoning: try details?.part("thinking_tokens") ?? 0, webSearches: searches,
                serviceTier: serviceTier(usage.word("service_tier"), among: [.batch, .priority]))
        }
    }
}

/// The counts of one sampling step, or of all of them. Sums of up to 2²⁰ such can't overflow, and
/// a reply has fewer values than that makes.
private struct AnthropicCounts {
    private(set) var uncached: Int64
    private(set) var read: Int64
    private(set) var written5m: Int64
    private(set) var written1h: Int64
    private(set) var output: Int64

    init(_ usage: UsageObject) throws(SuspectUsage) {
        uncached = try usage.whole("input_tokens")
        read = try usage.part("cache_read_input_tokens")
        output = try usage.whole("output_tokens")
        let written = try usage.optional("cache_creation_input_tokens")
        guard let lifetimes = try usage.section("cache_creation") else {
            // Before lifetimes could be chosen, all writes lived for five minutes.
            written5m = written ?? 0
            written1h = 0
            return
        }
        written5m = try lifetimes.part("ephemeral_5m_input_tokens")
        written1h = try lifetimes.part("ephemeral_1h_input_tokens")
        // A lifetime unknown here would have a price unknown here.
        guard written == nil || written == written5m + written1h else {
            throw SuspectUsage("cache_creation doesn't add up to cache_creation_input_tokens")
        }
    }

    mutating func add(_ step: AnthropicCounts) {
        uncached += step.uncached
        read += step.read
        written5m += step.written5m
        written1h += step.written1h
        output += step.output
    }
}
