import Foundation
import Testing
import WeirCore
import WeirProviders

@Suite struct BatchSubmissionTests {
    private static let batch = "batch_0123456789abcdefghjkmnpqrs"

    private func items(_ dialect: any ProviderDialect, _ texts: [String]) throws
        -> [ProviderBatchItem]
    {
        try texts.enumerated().map { index, text in
            let request = try dialect.encode(
                ChatRequest(
                    model: try #require(ModelName("m-1")),
                    messages: [ChatMessage(role: .user, text: text)], maxTokens: 64),
                isStream: false)
            return ProviderBatchItem(name: "\(Self.batch)-\(index)", request: request)
        }
    }

    private func name() throws -> BatchID { try #require(BatchID(Self.batch)) }

    @Test func `OpenAI gets a file with one request a line, whatever the prompts hold`() throws {
        let dialect = OpenAIBatches()
        let items = try items(OpenAIDialect(), ["one", "two\nlines \u{2028} \"quoted\""])
        let upload = try #require(dialect.upload(items, of: try name()))
        #expect(upload.path == "/files")
        let type = try #require(upload.headers.first { $0.name == "content-type" }?.value)
        #expect(type == "multipart/form-data; boundary=weir-\(Self.batch)")
        let text = String(decoding: upload.body, as: UTF8.self)
        #expect(text.contains("name=\"purpose\"\r\n\r\nbatch\r\n"))
        let start = try #require(text.range(of: "application/jsonl\r\n\r\n")).upperBound
        let end = try #require(text.range(of: "\r\n--weir-\(Self.batch)--\r\n")).lowerBound
        let lines = text[start..<end].utf8.split(separator: UInt8(ascii: "\n"))
        #expect(lines.count == 2)
        for (line, item) in zip(lines, items) {
            let json = try JSONParser.parse(Array(line), .request)
            #expect(json["custom_id"]?.string == item.name)
            #expect(json["method"] == "POST")
            #expect(json["url"] == "/v1/chat/completions")
            #expect(json["body"]?.encoded == item.request.body)
        }
    }

    @Test func `OpenAI's batch is made of the file, under our name`() throws {
        let dialect = OpenAIBatches()
        let file = try dialect.decodeUpload(Array(#"{"id":"file-1","object":"file"}"#.utf8))
        let request = dialect.create(
            try items(OpenAIDialect(), ["one"]), of: try name(), file: file)
        #expect(request.path == "/batches")
        let body = try JSONParser.parse(request.body, .request)
        let expected: JSON = [
            "input_file_id": "file-1", "endpoint": "/v1/chat/completions",
            "completion_window": "24h", "metadata": ["weir_batch": .string(Self.batch)],
        ]
        #expect(body == expected)
    }

    @Test func `Anthropic gets every request in the creation itself`() throws {
        let dialect = AnthropicBatches()
        let items = try items(AnthropicDialect(), ["one", "two"])
        #expect(dialect.upload(items, of: try name()) == nil)
        let request = dialect.create(items, of: try name(), file: nil)
        #expect(request.path == "/v1/messages/batches")
        let body = try JSONParser.parse(request.body, .request)
        let list = try #require(body["requests"]?.array)
        #expect(list.map { $0["custom_id"]?.string } == items.map(\.name))
        #expect(list.map { $0["params"]?.encoded } == items.map(\.request.body))
    }

    /// An id that a provider gives is never more than one segment of a path.
    @Test(arguments: [
        ("batch_1", "batch_1"), ("a/b", "a%2Fb"), ("..", "%2E"), (".", "%2E"), ("a+b", "a%2Bb"),
    ])
    func `an id goes into a path as one segment`(id: String, segment: String) throws {
        let id = try #require(Slug(id))
        #expect(OpenAIBatches().path(of: id) == "/batches/\(segment)")
        #expect(OpenAIBatches().cancel(id).path == "/batches/\(segment)/cancel")
        #expect(OpenAIBatches().listPath(after: id) == "/batches?limit=100&after=\(segment)")
        #expect(AnthropicBatches().path(of: id) == "/v1/messages/batches/\(segment)")
        #expect(
            AnthropicBatches().listPath(after: id)
                == "/v1/messages/batches?limit=100&after_id=\(segment)")
    }

    @Test func `only the vendors themselves have batches`() {
        let kinds = ProviderKind.allCases.filter { $0.dialect.batch != nil }
        #expect(Set(kinds) == [.openai, .anthropic])
    }
}
