/// Reads the usage out of a recorded answer, in every protocol's way of counting.
enum SandboxRecordedUsage {
    /// - Returns: nil where the answer tells none.
    static func read(_ response: SandboxJSON, _ provider: SandboxProvider) -> SandboxUsage? {
        var merged: [String: Int] = [:]
        for document in documents(response) {
            let told =
                document["usage"] ?? document["usageMetadata"]
                ?? document["message"]?["usage"] ?? document["response"]?["usage"]
            // In a stream, later counts replace earlier ones.
            if let told { collect(told, "", into: &merged) }
        }
        if merged.isEmpty { return nil }
        return provider == .gemini ? gemini(merged) : common(merged, provider)
    }

    private static func gemini(_ counts: [String: Int]) -> SandboxUsage {
        var usage = SandboxUsage()
        usage.reasoning = counts["thoughtsTokenCount"] ?? 0
        usage.cached = counts["cachedContentTokenCount"] ?? 0
        usage.input =
            (counts["promptTokenCount"] ?? 0) + (counts["toolUsePromptTokenCount"] ?? 0)
        usage.output = (counts["candidatesTokenCount"] ?? 0) + usage.reasoning
        return usage
    }

    private static func common(
        _ counts: [String: Int], _ provider: SandboxProvider
    ) -> SandboxUsage {
        func first(_ names: String...) -> Int {
            names.lazy.compactMap { counts[$0] }.first ?? 0
        }
        var usage = SandboxUsage()
        usage.output = first("output_tokens", "completion_tokens")
        usage.reasoning = first(
            "output_tokens_details.reasoning_tokens",
            "completion_tokens_details.reasoning_tokens",
            "output_tokens_details.thinking_tokens")
        usage.cached = first(
            "cache_read_input_tokens", "input_tokens_details.cached_tokens",
            "prompt_tokens_details.cached_tokens", "prompt_cache_hit_tokens")
        usage.cacheWrite = first(
            "cache_creation_input_tokens", "input_tokens_details.cache_write_tokens",
            "prompt_tokens_details.cache_write_tokens")
        usage.input = first("input_tokens", "prompt_tokens")
        if provider == .anthropic { usage.input += usage.cached + usage.cacheWrite }
        return usage
    }

    /// Counts by their path within the usage object.
    private static func collect(
        _ value: SandboxJSON, _ prefix: String, into counts: inout [String: Int]
    ) {
        for member in value.members ?? [] {
            if let count = member.value.integer, count >= 0, count < 1 << 50 {
                counts[prefix + member.key] = count
            } else if prefix.isEmpty {
                collect(member.value, member.key + ".", into: &counts)
            }
        }
    }

    /// The answer itself, or the JSON of every event's data line.
    private static func documents(_ response: SandboxJSON) -> [SandboxJSON] {
        guard let stream = response.string else { return [response] }
        return stream.utf8.split(separator: UInt8(ascii: "\n")).compactMap { line in
            guard line.starts(with: "data:".utf8) else { return nil }
            // Not every data line is JSON: `[DONE]` tells no usage.
            return try? SandboxJSON(Array(line.dropFirst(5)))
        }
    }
}
