import WeirCore

extension GeminiDialect {
    /// Thoughts and tool prompts stand beside the candidates and the prompt, cached content within
    /// the prompt. Counts of zero are left out, as protocol buffers have it. What the total holds
    /// above its parts was generated: some models leave their thoughts or even their candidates
    /// out. A total below its parts can't be true.
    func usage(of reply: JSONObject) -> ReportedUsage {
        usage(of: reply, webSearches: webSearches(in: reply))
    }

    /// - Parameter webSearches: of the whole answer; a chunk of a stream may not name them again.
    func usage(of reply: JSONObject, webSearches: Int64) -> ReportedUsage {
        reportedUsage(in: reply, named: "usageMetadata") { usage throws(SuspectUsage) in
            let prompt = try usage.whole("promptTokenCount")
            let input = prompt + (try usage.part("toolUsePromptTokenCount"))
            let thoughts = try usage.part("thoughtsTokenCount")
            let named = try usage.part("candidatesTokenCount") + thoughts
            let total = try usage.optional("totalTokenCount") ?? input + named
            guard total >= input + named else {
                throw SuspectUsage("totalTokenCount is below its parts")
            }
            let unnamed = total - input - named
            let cached = try usage.part("cachedContentTokenCount")
            guard cached <= prompt else {
                throw SuspectUsage("cachedContentTokenCount exceeds promptTokenCount")
            }
            return TokenUsage(
                input: input, output: named + unnamed, cacheRead: cached,
                reasoning: thoughts + unnamed, webSearches: webSearches,
                serviceTier: serviceTier(
                    usage.word("serviceTier"), among: [.batch, .flex, .priority]))
        }
    }

    func embeddingsUsage(of reply: JSONObject) -> ReportedUsage {
        reportedUsage(in: reply, named: "usageMetadata") { usage throws(SuspectUsage) in
            TokenUsage(input: try usage.whole("promptTokenCount"), output: 0)
        }
    }

    /// Grounding is billed by the search that the model ran; an empty query wasn't run.
    func webSearches(in reply: JSONObject) -> Int64 {
        let candidates = reply["candidates"]?.array ?? []
        let searches = candidates.reduce(0) { searches, candidate in
            let queries = candidate["groundingMetadata"]?["webSearchQueries"]?.array ?? []
            return searches + queries.count { !($0.string ?? "").isEmpty }
        }
        return Int64(searches)
    }
}
