import HTTPTypes
import Testing
import WeirCore
import WeirService

@testable import WeirHTTP

/// `POST /ai/complete` from its body to the pipeline, and from the reply to its answer.
@Suite struct CompleteTests {
    private let service = Stage.Token.service.rawValue

    @Test func `a call arrives with every field`() async throws {
        let stage = try Stage()
        let body = """
            {"tenant_id": 42, "user_id": 101, "feature_slug": "sales-summary", "model": "small",
             "system_prompt": "You are an analyst.", "user_message": "Summarise: 😀", \
            "max_tokens": 400, "temperature": 0.30, "top_p": 1, "stop": ["END", "."],
             "metadata": {"trace": "x"}, "stream": false}
            """
        let reply = try await stage.send(
            .post, "/ai/complete", key: service, fields: [("Idempotency-Key", "order-1")],
            body: body)
        #expect(reply.status == 200)
        let call = try #require(stage.completions.last)
        #expect(call.tenant.number == 42)
        #expect(call.user.number == 101)
        #expect(call.feature.description == "sales-summary")
        #expect(call.model.description == "small")
        #expect(call.system == "You are an analyst.")
        #expect(call.messages == [ChatMessage(role: .user, text: "Summarise: 😀")])
        #expect(call.maxTokens == 400)
        #expect(call.temperature?.text == "0.30")
        #expect(call.topP?.text == "1")
        #expect(call.stop == ["END", "."])
        #expect(call.idempotency?.key == "order-1")
        #expect(call.caller.key.description == "key_service")
        #expect(call.request.description == reply.header("x-request-id"))
    }

    @Test func `what isn't said has a default`() async throws {
        let stage = try Stage()
        let reply = try await stage.send(
            .post, "/ai/complete", key: Stage.Token.tenant.rawValue,
            body: #"{"model": "small", "user_message": "Hi", "system_prompt": null}"#)
        #expect(reply.status == 200)
        let call = try #require(stage.completions.last)
        #expect(call.tenant.number == 42)
        #expect(call.user == UserID.none)
        #expect(call.feature == .defaultFeature)
        #expect(call.maxTokens == 1_024)
        #expect(call.system == nil && call.temperature == nil && call.stop == [])
        #expect(call.idempotency == nil)
    }

    @Test func `messages are a conversation, and system ones go before it`() async throws {
        let stage = try Stage()
        let body = """
            {"tenant_id": 42, "model": "small", "system_prompt": "A", "messages": [
              {"role": "system", "content": "B"}, {"role": "user", "content": "one"},
              {"role": "assistant", "content": "two"},
              {"role": "user", "content": [{"type": "text", "text": "three"},
                                           {"type": "text", "text": "four"}]}]}
            """
        #expect(try await stage.send(.post, "/ai/complete", key: service, body: body).status == 200)
        let call = try #require(stage.completions.last)
        #expect(call.system == "A\n\nB")
        #expect(call.messages.map(\.text) == ["one", "two", "three\nfour"])
        #expect(call.messages.map(\.role) == [.user, .assistant, .user])
    }

    @Test func `the answer is the contract's, digit for digit`() async throws {
        let reply = try await Stage().send(
            .post, "/ai/complete", key: service, body: Self.plain)
        let id = try #require(reply.header("x-request-id"))
        #expect(
            reply.text
                == #"{"content":"Hello","input_tokens":312,"output_tokens":87,"#
                + #""cost_usd":0.000598,"request_id":"\#(id)"}"#)
        #expect(reply.header("x-weir-cost-usd") == "0.000598")
        #expect(reply.header("x-weir-attempts") == "1")
        #expect(reply.header("x-weir-model") == "small")
        #expect(reply.header("x-weir-provider") == "operator")
        #expect(reply.header("idempotent-replayed") == nil)
        #expect(reply.header("x-should-retry") == nil)
    }

    @Test func `a replay says that it is one`() async throws {
        let stage = try Stage()
        let kept = CompletionReply(
            status: 502, body: Array(#"{"error":"x"}"#.utf8), origin: .replay)
        stage.completions.answer(with: .success(kept))
        let reply = try await stage.send(.post, "/ai/complete", key: service, body: Self.plain)
        #expect(reply.status == 502)
        #expect(reply.text == #"{"error":"x"}"#)
        #expect(reply.header("idempotent-replayed") == "true")
        #expect(reply.header("x-should-retry") == "false")
        #expect(reply.header("x-weir-cost-usd") == nil)
    }

    @Test(arguments: WeirError.Code.allCases)
    func `every error leaves in one shape`(code: WeirError.Code) async throws {
        let stage = try Stage()
        stage.completions.answer(with: .failure(WeirError(code, "Because", param: "model")))
        let reply = try await stage.send(.post, "/ai/complete", key: service, body: Self.plain)
        #expect(reply.status == code.status)
        let id = try #require(reply.header("x-request-id"))
        #expect(
            reply.text
                == #"{"error":"\#(code.rawValue)","message":"Because","param":"model","#
                + #""request_id":"\#(id)"}"#)
        #expect(reply.header("x-should-retry") == (code.isRetryable ? nil : "false"))
        let waits = [409, 429, 503].contains(code.status) && code != .conflict
        #expect((reply.header("retry-after") != nil) == waits)
    }

    @Test(arguments: [
        [("Idempotency-Key", "")], [("Idempotency-Key", "a b")], [("Idempotency-Key", "é")],
        [("Idempotency-Key", String(repeating: "k", count: 256))],
        [("Idempotency-Key", "a"), ("Idempotency-Key", "a")],
    ])
    func `a bad idempotency key is refused`(fields: [(String, String)]) async throws {
        let stage = try Stage()
        let reply = try await stage.send(
            .post, "/ai/complete", key: service, fields: fields, body: Self.plain)
        #expect(reply.status == 400)
        #expect(reply.param == "Idempotency-Key")
        #expect(stage.completions.count == 0)
    }

    @Test(arguments: [
        (415, [("content-type", "text/plain")]),
        (415, [("content-type", "application/json; charset=latin1")]),
        (415, [("content-type", "application/jsonx")]),
        (415, [("content-encoding", "gzip")]),
        (413, [("content-length", "4194305")]),
        (413, [("content-length", "99999999999999999999")]),
        (200, [("content-type", "Application/JSON; charset=UTF-8")]),
        (200, [("content-encoding", "identity")]),
    ])
    func `the body has to be what it says`(
        status: Int, fields: [(String, String)]
    ) async throws {
        let stage = try Stage()
        let reply = try await stage.send(
            .post, "/ai/complete", key: service, fields: fields, body: Self.plain)
        #expect(reply.status == status)
        #expect(stage.completions.count == (status == 200 ? 1 : 0))
    }

    @Test func `a tenant out of reach is forbidden, and a query is refused`() async throws {
        let stage = try Stage()
        let foreign = Self.plain.replacing("42", with: "43")
        let reply = try await stage.send(.post, "/ai/complete", key: service, body: foreign)
        #expect(reply.error == "forbidden")
        #expect(reply.param == "tenant_id")
        let query = try await stage.send(
            .post, "/ai/complete?stream=true", key: service, body: Self.plain)
        #expect(query.param == "stream")
        #expect(stage.completions.count == 0)
    }

    static let plain = #"{"tenant_id": 42, "model": "small", "user_message": "Hi"}"#
}
