import Testing
import WeirCore
import WeirProviders

@Suite struct BatchReplyTests {
    /// Each status of OpenAI's, and whether calls without a result were not run.
    @Test(
        arguments: [
            ("validating", nil), ("in_progress", nil), ("finalizing", nil), ("cancelling", nil),
            ("completed", false), ("failed", true), ("expired", true), ("cancelled", true),
        ] as [(String, Bool?)])
    func `OpenAI's statuses`(status: String, runsOut: Bool?) throws {
        let batch = try OpenAIBatches().decodeBatch(
            Array(
                #"""
                {"id":"batch_abc","object":"batch","endpoint":"/v1/chat/completions",
                "status":"\#(status)","output_file_id":"file-o","error_file_id":null,
                "created_at":1711471533,"request_counts":{"total":3,"completed":2,"failed":1},
                "metadata":{"weir_batch":"batch_x"}}
                """#.utf8))
        #expect(batch.state == runsOut.map { .ended(runsOut: $0) } ?? .running)
        #expect(batch.id.description == "batch_abc")
        #expect(batch.name?.description == "batch_x")
        #expect(batch.calls == 3)
        #expect(batch.completed == 2)
        #expect(batch.createdAt == Timestamp(milliseconds: 1_711_471_533_000))
        #expect(OpenAIBatches().resultPaths(of: batch) == ["/files/file-o/content"])
    }

    @Test(arguments: [("in_progress", false), ("canceling", false), ("ended", true)])
    func `Anthropic's statuses`(status: String, hasEnded: Bool) throws {
        let batch = try AnthropicBatches().decodeBatch(
            Array(
                #"""
                {"id":"msgbatch_1","type":"message_batch","processing_status":"\#(status)",
                "request_counts":{"processing":1,"succeeded":50,"errored":30,"canceled":10,
                "expired":9},"created_at":"2024-08-20T18:37:24.100435Z",
                "results_url":"http://169.254.169.254/steal"}
                """#.utf8))
        #expect(batch.state == (hasEnded ? .ended(runsOut: false) : .running))
        #expect(batch.name == nil)
        #expect(batch.calls == 100)
        #expect(batch.createdAt == Timestamp(milliseconds: 1_724_179_044_000))
        // The address in the reply is not followed.
        #expect(
            AnthropicBatches().resultPaths(of: batch)
                == ["/v1/messages/batches/msgbatch_1/results"])
    }

    @Test(arguments: [
        "", "[]", "{}", #"{"id":1,"status":"completed"}"#, #"{"id":"b","status":"new"}"#,
        #"{"id":"b c","status":"completed","processing_status":"ended"}"#, "<html>",
    ])
    func `what is no batch is refused`(body: String) {
        #expect(throws: ReplyDefect.self) { try OpenAIBatches().decodeBatch(Array(body.utf8)) }
        #expect(throws: ReplyDefect.self) { try AnthropicBatches().decodeBatch(Array(body.utf8)) }
        #expect(throws: ReplyDefect.self) { try OpenAIBatches().decodeList(Array(body.utf8)) }
    }

    @Test func `a list leaves out what it can't read, and says where it goes on`() throws {
        let page = try OpenAIBatches().decodeList(
            Array(
                #"""
                {"object":"list","data":[{"id":"b1","status":"completed"},{"id":"b2",
                "status":"of another day"},{"id":"b3","status":"in_progress"}],"has_more":true}
                """#.utf8))
        #expect(page.batches.map(\.id.description) == ["b1", "b3"])
        #expect(page.next?.description == "b3")
        let last = try AnthropicBatches().decodeList(
            Array(#"{"data":[],"has_more":false,"last_id":null}"#.utf8))
        #expect(last == ProviderBatchPage(batches: [], next: nil))
    }

    @Test func `OpenAI's results read like calls by themselves`() throws {
        let dialect = OpenAIBatches()
        let answer = try #require(
            try dialect.decodeResult(
                Array(
                    #"""
                    {"id":"batch_req_1","custom_id":"c1","response":{"status_code":200,
                    "request_id":"r","body":{"model":"gpt-4o-mini","choices":[{"index":0,
                    "message":{"role":"assistant","content":"4"},"finish_reason":"stop"}],
                    "usage":{"prompt_tokens":24,"completion_tokens":8}}},"error":null}
                    """#.utf8)))
        #expect(answer.name == "c1")
        guard case .answered(let body) = answer.outcome else {
            Issue.record("no answer")
            return
        }
        let reply = try OpenAIDialect().decodeReply(body)
        #expect(reply.text == "4")
        #expect(reply.usage == .reported(try #require(TokenUsage(input: 24, output: 8))))
    }

    /// Every way in which a call of OpenAI's can end without an answer.
    @Test(
        arguments: [
            (#""response":null,"error":{"code":"batch_expired","message":"late"}"#, nil),
            (#""response":null,"error":{"code":"batch_cancelled","message":"cut"}"#, nil),
            (#""response":null,"error":null"#, nil),
            (#""response":null,"error":{"code":"odd","message":"why"}"#, .unavailable),
            (
                #""response":{"status_code":400,"body":{"error":{"message":"bad"}}},"error":null"#,
                .badRequest
            ),
            (#""response":{"status_code":429,"body":{"error":{"message":"fast"}}}"#, .rateLimited),
            (#""response":{"status_code":504,"body":null}"#, .unknown),
            (#""response":{"body":{}}"#, .unknown),
        ] as [(String, ProviderFailure.Kind?)])
    func `OpenAI's errors`(members: String, kind: ProviderFailure.Kind?) throws {
        let result = try #require(
            try OpenAIBatches().decodeResult(Array(#"{"custom_id":"c1",\#(members)}"#.utf8)))
        switch result.outcome {
        case .unprocessed: #expect(kind == nil)
        case .refused(let failure): #expect(failure.kind == kind)
        case .answered: Issue.record("an answer")
        }
    }

    @Test(
        arguments: [
            (#"{"type":"canceled"}"#, nil), (#"{"type":"expired"}"#, nil),
            (
                #"{"type":"errored","error":{"type":"error","error":"#
                    + #"{"type":"invalid_request_error","message":"bad"}}}"#, .badRequest
            ),
            (
                #"{"type":"errored","error":{"type":"error","error":{"type":"overloaded_error"}}}"#,
                .unavailable
            ),
            (#"{"type":"errored"}"#, .unavailable),
        ] as [(String, ProviderFailure.Kind?)])
    func `Anthropic's errors`(result: String, kind: ProviderFailure.Kind?) throws {
        let read = try #require(
            try AnthropicBatches().decodeResult(
                Array(#"{"custom_id":"c1","result":\#(result)}"#.utf8)))
        switch read.outcome {
        case .unprocessed: #expect(kind == nil)
        case .refused(let failure): #expect(failure.kind == kind)
        case .answered: Issue.record("an answer")
        }
    }

    @Test func `Anthropic's message keeps its usage to the digit`() throws {
        let line = Array(
            #"""
            {"custom_id":"c1","result":{"type":"succeeded","message":{"content":[{"type":"text",
            "text":"hi"}],"stop_reason":"end_turn","usage":{"input_tokens":10,"output_tokens":2,
            "output_tokens":3,"service_tier":"batch"}}}}
            """#.utf8)
        let result = try #require(try AnthropicBatches().decodeResult(line))
        guard case .answered(let body) = result.outcome else {
            Issue.record("no answer")
            return
        }
        // A count that is written twice is suspect, as it is in a call by itself.
        let reply = try AnthropicDialect().decodeReply(body)
        #expect(reply.text == "hi")
        guard case .suspect = reply.usage else {
            Issue.record("\(reply.usage)")
            return
        }
    }

    @Test(arguments: ["{", "[]", "{}", #"{"custom_id":7}"#, #"{"custom_id":"c","result":{}}"#])
    func `a line that is no result is refused, an empty one passed over`(line: String) throws {
        #expect(throws: ReplyDefect.self) {
            try AnthropicBatches().decodeResult(Array(line.utf8))
        }
        #expect(try AnthropicBatches().decodeResult(Array(" \r".utf8)) == nil)
        #expect(try OpenAIBatches().decodeResult([]) == nil)
    }
}
