import Testing
import WeirCore
@testable import WeirProviders

@Suite("Gemini's token counts and embeddings")
struct GeminiSideTests {
    private let dialect = GeminiDialect()
    private let model = ModelName("fast")

    @Test(
        "a count is asked for contents, or for a whole request",
        arguments: [
            #"{"contents":[{"parts":[{"text":"a"}]}]}"#,
            #"{"generateContentRequest":{"model":"models/fast","#
                + #""contents":[{"parts":[{"text":"a"}]}]}}"#,
            #"{"generate_content_request":{"contents":{"parts":{"text":"a"}}},"model":"fast"}"#,
        ])
    func readsCount(body: String) throws {
        let read = try GeminiClient().decodeCount(geminiObject(body), model: model)
        #expect(read.chat.messages == [ChatMessage(role: .user, text: "a")])
        #expect(read.chat.model == model && read.uncarried.isEmpty && read.stream == nil)
    }

    @Test(
        "a count is refused by name",
        arguments: [
            ("{}", "contents"), (#"{"generateContentRequest":7}"#, "generateContentRequest"),
            (
                #"{"contents":[],"generateContentRequest":{"contents":[]}}"#, "contents"
            ),
            (
                #"{"generateContentRequest":{"cachedContent":"x","contents":[]}}"#,
                "generateContentRequest.cachedContent"
            ),
            (
                #"{"generateContentRequest":{"model":"other","contents":[]}}"#,
                "generateContentRequest.model"
            ),
        ])
    func refusesCount(body: String, param: String) throws {
        let object = try geminiObject(body)
        do throws(WeirError) {
            _ = try GeminiClient().decodeCount(object, model: model)
            Issue.record("not refused")
        } catch {
            #expect(error.param == param)
        }
    }

    @Test("a count is passed through with the provider's name for the model")
    func passesCount() throws {
        let name = try #require(ModelName("m"))
        let whole = dialect.passThroughCount(
            try geminiObject(#"{"generateContentRequest":{"x":1.0,"model":"models/fast"}}"#),
            model: name)
        #expect(whole.path == "/v1beta/models/m:countTokens")
        #expect(text(whole.body) == #"{"generateContentRequest":{"x":1.0,"model":"models/m"}}"#)
        let plain = dialect.passThroughCount(try geminiObject(#"{"contents":[]}"#), model: name)
        #expect(text(plain.body) == #"{"contents":[]}"#)
    }

    @Test("a count is asked and answered")
    func countsTokens() throws {
        let encoded = try dialect.encodeCount(try smallRequest(model: "m"))
        #expect(encoded.path == "/v1beta/models/m:countTokens")
        #expect(
            text(encoded.body)
                == #"{"generateContentRequest":{"model":"models/m","contents":[{"role":"user","#
                + #""parts":[{"text":"Hi"}]}],"generationConfig":{}}}"#)
        let answer = GeminiClient().encode(count: 12)
        #expect(text(answer) == #"{"totalTokens":12}"#)
        #expect(try dialect.decodeCount(answer) == 12)
        for count in impossibleCounts {
            #expect(throws: ReplyDefect.self) {
                try dialect.decodeCount(bytes(#"{"totalTokens":\#(count)}"#))
            }
        }
    }

    @Test("embeddings are asked for in both forms")
    func readsEmbeddings() throws {
        let one = try GeminiEmbeddingClient(wire: .embedContent).decode(
            geminiObject(
                #"{"model":"models/fast","content":{"parts":[{"text":"a"}]},"#
                    + #""output_dimensionality":3}"#), model: model)
        #expect(one.embedding.inputs == ["a"] && one.embedding.dimensions == 3)
        #expect(one.uncarried.isEmpty && one.input.items == 1)
        #expect(one.input.textBytes == JSON.object(one.body).plainBytes)
        let many = try GeminiEmbeddingClient(wire: .batchEmbedContents).decode(
            geminiObject(
                #"{"requests":[{"content":{"parts":[{"text":"a"}]},"taskType":"X"},"#
                    + #"{"content":{"parts":{"text":"b"}},"outputDimensionality":9}]}"#),
            model: model)
        #expect(many.embedding.inputs == ["a", "b"])
        #expect(many.uncarried == ["requests[0].taskType", "requests[0].outputDimensionality"])
    }

    @Test(
        "embeddings are refused by name",
        arguments: [
            (EmbeddingWire.embedContent, "{}", "content"),
            (.embedContent, #"{"content":{"parts":[]}}"#, "content.parts"),
            (
                .embedContent, #"{"content":{"parts":[{"inlineData":{}}]}}"#,
                "content.parts[0].inlineData"
            ),
            (.embedContent, #"{"content":{"parts":[{"text":1}]}}"#, "content.parts[0].text"),
            (.batchEmbedContents, #"{"requests":[]}"#, "requests"),
            (
                .batchEmbedContents,
                #"{"requests":[{"model":"models/x","content":{"parts":[{"text":"a"}]}}]}"#,
                "requests[0].model"
            ),
            (
                .embedContent,
                #"{"content":{"parts":[{"text":"a"}]},"outputDimensionality":9223372036854775808}"#,
                "outputDimensionality"
            ),
        ])
    func refusesEmbeddings(wire: EmbeddingWire, body: String, param: String) throws {
        let object = try geminiObject(body)
        do throws(WeirError) {
            _ = try GeminiEmbeddingClient(wire: wire).decode(object, model: model)
            Issue.record("not refused")
        } catch {
            #expect(error.param == param)
        }
    }

    @Test("embeddings are translated there and back")
    func translatesEmbeddings() throws {
        let request = EmbeddingRequest(
            model: try #require(ModelName("e")), inputs: ["a", "b"], dimensions: 2)
        let encoded = try GeminiEmbeddings().encode(request)
        #expect(encoded.path == "/v1beta/models/e:batchEmbedContents")
        let sent = try #require(try JSONParser.parse(encoded.body, .request).object)
        let client = GeminiEmbeddingClient(wire: .batchEmbedContents)
        let read = try client.decode(sent, model: request.model)
        #expect(read.embedding == request)
        let reply = EmbeddingReply(
            vectors: [[.number("0.10"), 1], []], usage: try tokens(7, 0))
        let body = client.encode(reply, read)
        #expect(
            text(body) == #"{"embeddings":[{"values":[0.10,1]},{"values":[]}],"#
                + #""usageMetadata":{"promptTokenCount":7}}"#)
        #expect(try GeminiEmbeddings().decodeReply(body, wire: nil) == reply)
        #expect(
            try GeminiEmbeddings().decodeReply(body, wire: .batchEmbedContents)
                == EmbeddingReply(vectors: [], usage: reply.usage))
        let single = GeminiEmbeddingClient(wire: .embedContent).encode(reply, read)
        #expect(text(single).hasPrefix(#"{"embedding":{"values":[0.10,1]}"#))
        #expect(
            try GeminiEmbeddings().decodeReply(single, wire: nil).vectors == [[.number("0.10"), 1]])
    }

    @Test(
        "embeddings that are none are a defect",
        arguments: [
            "{}", #"{"embeddings":[]}"#, #"{"embeddings":[7]}"#, #"{"embedding":{"values":["a"]}}"#,
            #"{"embedding":{}}"#,
        ])
    func embeddingDefects(body: String) {
        #expect(throws: ReplyDefect.self) {
            try GeminiEmbeddings().decodeReply(bytes(body), wire: nil)
        }
    }

    @Test(
        "recorded embeddings are read and passed through",
        .enabled(if: GeminiRecording.isThere, Comment(rawValue: Recordings.absence)))
    func recordedEmbeddings() throws {
        let recordings = GeminiRecording.all("batchEmbedContents")
        #expect(recordings.count == 6)
        for recording in recordings {
            let read = try GeminiEmbeddingClient(wire: .batchEmbedContents)
                .decode(recording.request, model: recording.model)
            #expect(read.embedding.inputs.count == 1)
            let passed = GeminiEmbeddings().passThrough(
                recording.request, wire: .batchEmbedContents, model: recording.model)
            #expect(passed.body == JSON.object(recording.request).encoded)
            let reply = try GeminiEmbeddings().decodeReply(recording.reply, wire: nil)
            #expect(reply.vectors.count == 1 && !reply.vectors[0].isEmpty)
        }
    }
}
