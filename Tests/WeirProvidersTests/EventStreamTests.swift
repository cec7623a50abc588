import Testing
import WeirCore
import WeirProviders

/// What holds for the streams of every wire.
@Suite("Streams of events")
struct EventStreamTests {
    struct Sample: CustomTestStringConvertible {
        let wire: Wire
        let dialect: any ProviderDialect
        /// The beginning, up to and with the text "Hi".
        let begun: String

        var testDescription: String { wire.rawValue }
        var decoder: any ReplyStreamDecoder {
            dialect.replyStream(wire: wire, includesUsage: false)
        }
    }

    static let samples = [
        Sample(
            wire: .chatCompletions, dialect: OpenAIDialect(),
            begun: #"data: {"choices":[{"index":0,"delta":{"content":"Hi"}}]}"# + "\n\n"),
        Sample(
            wire: .responses, dialect: OpenAIDialect(),
            begun: #"data: {"type":"response.output_text.delta","delta":"Hi"}"# + "\n\n"),
        Sample(
            wire: .messages, dialect: AnthropicDialect(),
            begun: #"data: {"type":"message_start","message":{}}"# + "\n\n"
                + #"data: {"type":"content_block_delta","index":0,"#
                + #""delta":{"type":"text_delta","text":"Hi"}}"# + "\n\n"),
        Sample(
            wire: .generateContent, dialect: GeminiDialect(),
            begun: #"data: {"candidates":[{"content":{"parts":[{"text":"Hi"}]}}]}"# + "\n\n"),
    ]

    /// It was generated and is billed.
    @Test("What came before an event that can't be read is told", arguments: samples)
    func tellsWhatCameBefore(_ sample: Sample) throws {
        let broken = "data: {broken\n\n: alive\n\n"
        var decoder = sample.decoder
        let steps = try decoder.feed(bytes(sample.begun + broken))
        #expect(steps.flatMap(\.events).contains(.text("Hi")))
        let later = #expect(throws: ReplyDefect.self) { try decoder.feed(bytes("\n")) }
        #expect(later?.unread == 7)
        #expect(throws: ReplyDefect.self) { try decoder.finish() }

        var apart = sample.decoder
        #expect(try apart.feed(bytes(sample.begun)) == steps)
        let first = #expect(throws: ReplyDefect.self) { try apart.feed(bytes(broken)) }
        #expect(first?.reason == later?.reason && first?.unread == 0)
        #expect(throws: ReplyDefect.self) { try apart.finish() }
    }

    @Test("An event of nothing keeps the connection alive", arguments: samples)
    func emptyEvents(_ sample: Sample) throws {
        var decoder = sample.decoder
        #expect(try decoder.feed(bytes("data:\n\ndata: \n\n")) == [.keepAlive, .keepAlive])
    }
}
