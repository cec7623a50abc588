import Foundation
import Testing
import WeirCore

@testable import WeirProviders

@Suite("OpenAI embeddings")
struct OpenAIEmbeddingTests {
    let client = OpenAIEmbeddingClient()
    let dialect = OpenAIEmbeddings()

    @Test("are asked for in every form")
    func readsRequests() throws {
        let cases: [(String, [String], Int64, [String])] = [
            (#""a""#, ["a"], 1, []), (#"["a","b"]"#, ["a", "b"], 2, []),
            ("[1,2,3]", [], 3, ["input"]), ("[[1,2],[3]]", [], 2, ["input"]),
        ]
        for (input, texts, items, uncarried) in cases {
            let body = #"{"model":"e","input":\#(input),"user":"u"}"#
            let request = try read(body)
            #expect(request.embedding.inputs == texts && request.uncarried == uncarried)
            #expect(request.input.items == items && !request.wantsBase64)
            #expect(request.input.textBytes >= Int64(body.utf8.count) - 1)
        }
        let request = try read(
            #"{"model":"e","input":"a","dimensions":3,"encoding_format":"base64","x":1}"#)
        #expect(request.wantsBase64 && request.embedding.dimensions == 3)
        #expect(request.uncarried == ["x"])
    }

    @Test(
        "are refused by name",
        arguments: [
            (#"{"input":"a"}"#, "model"), (#"{"model":"e"}"#, "input"),
            (#"{"model":"e","input":7}"#, "input"), (#"{"model":"e","input":[]}"#, "input"),
            (#"{"model":"e","input":["a",7]}"#, "input[1]"),
            (#"{"model":"e","input":[1,"a"]}"#, "input"),
            (#"{"model":"e","input":[1.5]}"#, "input"), (#"{"model":"e","input":[[]]}"#, "input"),
            (#"{"model":"e","input":[[1],2]}"#, "input"),
            (#"{"model":"e","input":[{"image":"x"}]}"#, "input"),
            (#"{"model":"e","input":"a","dimensions":0}"#, "dimensions"),
            (#"{"model":"e","input":"a","encoding_format":7}"#, "encoding_format"),
        ])
    func refuses(body: String, param: String) throws {
        do {
            _ = try read(body)
            Issue.record("\(body) is read")
        } catch let error as WeirError {
            #expect(error.code == .invalidRequest && error.param == param)
        }
    }

    @Test("are written to the provider")
    func writesRequests() throws {
        let model = try #require(ModelName("p"))
        let encoded = try dialect.encode(
            EmbeddingRequest(model: model, inputs: ["a", "\""], dimensions: 3))
        #expect(encoded.path == "/embeddings")
        #expect(
            text(encoded.body)
                == #"{"model":"p","input":["a","\""],"encoding_format":"float","dimensions":3}"#)
        let own = dialect.passThrough(
            try chatObject(#"{"input":[1],"model":"e","x":{"y":1.0}}"#), wire: .embeddings,
            model: model)
        #expect(text(own.body) == #"{"input":[1],"model":"p","x":{"y":1.0}}"#)
        #expect(OpenAIDialect().embeddings?.wires == [.embeddings])
        #expect(DeepSeekDialect().embeddings == nil)
    }

    @Test("are read in the order of their indexes, digit by digit")
    func readsReplies() throws {
        let body =
            #"{"model":"e","data":[{"index":1,"embedding":[1e-3,-0.50]},{"index":0,"#
            + #""embedding":[1,2]}],"usage":{"prompt_tokens":4,"total_tokens":4}}"#
        let reply = try dialect.decodeReply(bytes(body), wire: nil)
        #expect(reply.vectors == [[1, 2], [.number("1e-3"), .number("-0.50")]])
        let usage = try tokens(4, 0)
        #expect(reply.usage == usage && reply.model == "e")
        #expect(try dialect.decodeReply(bytes(body), wire: .embeddings).vectors == [])
    }

    @Test(
        "are defects where they can't be read, and keep their usage",
        arguments: [
            #""data":[]"#, #""data":{}"#, #""x":1"#, #""data":[{"embedding":"QUJD"}]"#,
            #""data":[{"embedding":[]}]"#, #""data":[{"embedding":["a"]}]"#,
            #""data":[{"index":1,"embedding":[1]}]"#, #""data":[{"index":-1,"embedding":[1]}]"#,
            #""data":[{"index":0,"embedding":[1]},{"index":0,"embedding":[1]}]"#,
            #""data":[{"index":9223372036854775807,"embedding":[1]}]"#,
        ])
    func defects(members: String) throws {
        let body = #"{\#(members),"usage":{"prompt_tokens":4,"total_tokens":4}}"#
        do throws(ReplyDefect) {
            _ = try dialect.decodeReply(bytes(body), wire: nil)
            Issue.record("\(body) is read")
        } catch {
            let usage = try tokens(4, 0)
            #expect(error.usage == usage)
        }
    }

    @Test("are answered with numbers, or with base64 of floats")
    func writesReplies() throws {
        let vectors: [[JSON]] = [[1, .number("-0.5")], [.number("1e-3")]]
        let reply = EmbeddingReply(vectors: vectors, usage: try tokens(4, 0), model: "p")
        let request = try read(#"{"model":"e","input":["a","b"]}"#)
        #expect(
            text(client.encode(reply, request))
                == #"{"object":"list","data":[{"object":"embedding","index":0,"#
                + #""embedding":[1,-0.5]},{"object":"embedding","index":1,"embedding":[1e-3]}],"#
                + #""model":"e","usage":{"prompt_tokens":4,"total_tokens":4}}"#)
        let packed = try read(#"{"model":"e","input":["a"],"encoding_format":"base64"}"#)
        let body = try JSONParser.parse(client.encode(reply, packed), .reply)
        let texts = body["data"]?.array?.compactMap { $0["embedding"]?.string }
        #expect(texts == ["AACAPwAAAL8=", "bxKDOg=="])
    }

    @Test("survive numbers that no float can hold")
    func packsOddNumbers() throws {
        let numbers: [JSON] = [
            .number("1e999"), .number("-1e999"), .number("1e-999"), .null, .string("NaN"),
        ]
        let data = try #require(Data(base64Encoded: base64(floats: numbers)))
        let floats = stride(from: 0, to: data.count, by: 4).map { start in
            let bits = data[start..<(start + 4)].reversed().reduce(0) { $0 << 8 | UInt32($1) }
            return Float(bitPattern: bits)
        }
        let limit = Float.greatestFiniteMagnitude
        #expect(floats == [limit, -limit, 0, 0, 0])
    }

    private func read(_ body: String) throws -> ClientEmbeddingRequest {
        try client.decode(try chatObject(body), model: nil)
    }
}
