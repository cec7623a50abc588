import Testing
import WeirCore
import WeirProviders

@Suite("OpenAI's usage")
struct OpenAIUsageTests {
    let dialect = OpenAIDialect()

    @Test("is read where it is odd but true")
    func readsOddUsage() throws {
        let cases: [(String, ReportedUsage)] = [
            ("null", .absent), ("{}", .absent),
            (#"{"prompt_tokens":0,"completion_tokens":0}"#, try tokens(0, 0)),
            (
                #"{"prompt_tokens":5,"completion_tokens":2,"total_tokens":null,"#
                    + #""prompt_tokens_details":null,"completion_tokens_details":null}"#,
                try tokens(5, 2)
            ),
            (
                #"{"prompt_tokens":5,"completion_tokens":2,"#
                    + #""prompt_tokens_details":{"cached_tokens":null}}"#, try tokens(5, 2)
            ),
            // Thoughts that only the total counts, and thoughts told beside the completion.
            (
                #"{"prompt_tokens":5,"completion_tokens":2,"total_tokens":107}"#,
                try tokens(5, 102, reasoning: 100)
            ),
            (
                #"{"prompt_tokens":5,"completion_tokens":2,"total_tokens":107,"#
                    + #""completion_tokens_details":{"reasoning_tokens":100}}"#,
                try tokens(5, 102, reasoning: 100)
            ),
        ]
        for (usage, expected) in cases {
            #expect(try read(usage) == expected, "\(usage)")
        }
    }

    @Test("is suspect with counts that can't be true", arguments: impossibleCounts)
    func suspectsCounts(count: String) throws {
        let usages = [
            #"{"prompt_tokens":\#(count),"completion_tokens":1}"#,
            #"{"prompt_tokens":1,"completion_tokens":\#(count)}"#,
            #"{"prompt_tokens":1,"completion_tokens":1,"total_tokens":\#(count)}"#,
            #"{"prompt_tokens":1,"completion_tokens":1,"#
                + #""prompt_tokens_details":{"cached_tokens":\#(count)}}"#,
            #"{"prompt_tokens":1,"completion_tokens":1,"#
                + #""completion_tokens_details":{"reasoning_tokens":\#(count)}}"#,
        ]
        for usage in usages { #expect(try read(usage).isSuspect, "\(usage)") }
    }

    @Test(
        "is suspect where it contradicts itself",
        arguments: [
            "[]", "\"\"", "0", #"{"total_tokens":5}"#, #"{"prompt_tokens":5}"#,
            #"{"prompt_tokens":null,"completion_tokens":1}"#,
            #"{"prompt_tokens":5,"completion_tokens":5,"total_tokens":9}"#,
            #"{"prompt_tokens":5,"completion_tokens":5,"completion_tokens":5}"#,
            #"{"prompt_tokens":5,"completion_tokens":5,"prompt_tokens_details":7}"#,
            #"{"prompt_tokens":5,"completion_tokens":5,"prompt_tokens_details":{"#
                + #""cached_tokens":6}}"#,
            #"{"prompt_tokens":5,"completion_tokens":5,"prompt_tokens_details":{"#
                + #""cached_tokens":3,"cache_write_tokens":3}}"#,
            #"{"prompt_tokens":5,"completion_tokens":5,"completion_tokens_details":{"#
                + #""reasoning_tokens":6}}"#,
        ])
    func suspectsContradictions(usage: String) throws {
        #expect(try read(usage).isSuspect)
    }

    @Test(
        "names the tiers that have their own price",
        arguments: [
            ("flex", ServiceTier.flex), ("priority", .priority), ("default", nil), ("scale", nil),
            ("on_demand", nil), ("batch", nil),
        ])
    func readsTier(word: String, tier: ServiceTier?) throws {
        let body =
            #"{"service_tier":"\#(word)","choices":[{"message":{"content":"a"}}],"#
            + #""usage":{"prompt_tokens":1,"completion_tokens":1}}"#
        let reply = try dialect.decodeReply(bytes(body))
        #expect(reply.usage == (try tokens(1, 1, tier: tier)))
        #expect(reply.finish == .other)
    }

    private func read(_ usage: String) throws -> ReportedUsage {
        let choices = #""choices":[{"finish_reason":"stop","message":{"content":"a"}}]"#
        return try dialect.decodeReply(bytes(#"{\#(choices),"usage":\#(usage)}"#)).usage
    }
}
