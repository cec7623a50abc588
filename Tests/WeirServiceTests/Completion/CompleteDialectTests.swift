import Testing
import WeirCore
import WeirService

/// Answers of `/ai/complete` that are given to another call.
@Suite struct CompleteDialectTests {
    private let dialect = CompleteDialect()
    private let answer = ChatReply(
        text: "\"cost_usd\": 1\n\ndata: {}\u{2028}日本", finish: .stop,
        usage: .reported(TokenUsage(input: 312, output: 87) ?? .zero))

    private func context(_ request: String) throws -> ReplyContext {
        ReplyContext(
            request: try #require(RequestID(request)), model: try #require(ModelName("m")),
            createdAt: Timestamp(milliseconds: 0), cost: Money(nanos: 597_600))
    }

    private func stream(_ context: ReplyContext, cost: Money) -> [UInt8] {
        var encoder = dialect.stream(context, StreamOptions(includesUsage: true))
        let end = StreamEnd(
            finish: .stop, stopSequence: nil, usage: TokenUsage(input: 312, output: 87) ?? .zero,
            cost: cost)
        return encoder.encode([.text(answer.text)]) + encoder.complete(end, withheld: [])
    }

    @Test func `say the other call's request, and that it cost nothing`() throws {
        let (first, second) = (
            try context("req_0123456789abcdef"), try context("req_fedcba9876543210")
        )
        let free = ReplyContext(
            request: second.request, model: second.model, createdAt: second.createdAt, cost: .zero)
        let whole = dialect.reissue(
            dialect.encode(answer, first), contentType: "application/json", to: second.request)
        #expect(whole == dialect.encode(answer, free))
        let streamed = dialect.reissue(
            stream(first, cost: first.cost), contentType: "text/event-stream", to: second.request)
        #expect(streamed == stream(second, cost: .zero))
    }

    @Test(arguments: ["", "[]", "{", "text"])
    func `stay as they are where nothing of this dialect is in them`(body: String) throws {
        let request = try context("req_0123456789abcdef").request
        for type in ["application/json", "text/event-stream"] {
            let again = dialect.reissue(Array(body.utf8), contentType: type, to: request)
            #expect(again == Array(body.utf8))
        }
    }
}
