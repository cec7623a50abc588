import Testing
import WeirCore
import WeirProviders

@Suite("DeepSeek")
struct DeepSeekDialectTests {
    let dialect = DeepSeekDialect()

    @Test("is asked in OpenAI's form with the older cap")
    func encodes() throws {
        let encoded = try dialect.encode(try smallRequest(model: "deepseek-chat"), isStream: false)
        #expect(encoded.path == "/chat/completions")
        #expect(
            text(encoded.body)
                == #"{"model":"deepseek-chat","messages":[{"role":"user","content":"Hi"}],"#
                + #""max_tokens":5}"#)
    }

    @Test("answers behind blank lines, its reasoning beside the text, its misses plain input")
    func readsReply() throws {
        let reply = try dialect.decodeReply(
            bytes(
                "\n\n\n" + #"{"model":"m","choices":[{"finish_reason":"stop","message":{"#
                    + #""content":"a","reasoning_content":"hm"}}],"usage":{"prompt_tokens":30,"#
                    + #""prompt_cache_hit_tokens":10,"prompt_cache_miss_tokens":20,"#
                    + #""completion_tokens":9,"completion_tokens_details":{"#
                    + #""reasoning_tokens":4},"total_tokens":39}}"#))
        let usage = try tokens(30, 9, read: 10, reasoning: 4)
        #expect(
            reply
                == ChatReply(
                    text: "a", thinking: [Thinking(text: "hm")], finish: .stop, usage: usage,
                    model: "m"))
    }

    @Test(
        "is suspect where hits and misses aren't the input",
        arguments: [
            #""prompt_cache_hit_tokens":10,"prompt_cache_miss_tokens":10"#,
            #""prompt_cache_hit_tokens":31"#, #""prompt_cache_hit_tokens":-1"#,
            #""prompt_cache_hit_tokens":10,"prompt_cache_miss_tokens":1.5"#,
        ])
    func suspectsCounts(members: String) throws {
        let body =
            #"{"choices":[{"finish_reason":"stop","message":{"content":"a"}}],"usage":{"#
            + #""prompt_tokens":30,"completion_tokens":9,\#(members)}}"#
        #expect(try dialect.decodeReply(bytes(body)).usage.isSuspect)
    }
}
