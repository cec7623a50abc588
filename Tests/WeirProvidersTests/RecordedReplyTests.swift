import Testing
import WeirCore
import WeirProviders

@Suite("Recorded replies")
struct RecordedReplyTests {
    @Test(
        "are read as the oracle reads them",
        .enabled(if: Recordings.folder != nil, Comment(rawValue: Recordings.absence)))
    func agreeWithTheOracle() throws {
        let expectations = try Recordings.expectations()
        var tally: [String: (cases: Int, passed: Int)] = [:]
        for recording in try Recordings.load() where (200..<300).contains(recording.status) {
            let expected = try #require(expectations[recording.id])
            let found = replyDifferences(recording, expected)
            #expect(found.isEmpty, "\(recording.provider) \(recording.id): \(found)")
            let row = "\(recording.provider) \(expected.endpoint)"
            tally[row, default: (0, 0)].cases += 1
            tally[row, default: (0, 0)].passed += found.isEmpty ? 1 : 0
        }
        #expect(tally.values.reduce(0) { $0 + $1.cases } == expectations.count)
        print("recorded replies, cases and passed:")
        for (row, count) in tally.sorted(by: { $0.key < $1.key }) {
            print("  \(row): \(count.cases) \(count.passed)")
        }
    }

    @Test(
        "that are errors keep their message and kind",
        .enabled(if: Recordings.folder != nil, Comment(rawValue: Recordings.absence)))
    func failuresAreRead() throws {
        let failures = try Recordings.load().filter { $0.status >= 400 }
        #expect(!failures.isEmpty)
        for recording in failures {
            let status = try #require(Int(exactly: recording.status))
            let failure = dialect(of: recording.provider)
                .decodeFailure(status: status, body: recording.reply)
            #expect(failure.kind == .badRequest, "\(recording.id)")
            #expect(!failure.message.hasPrefix("provider answered"), "\(recording.id)")
        }
    }
}

/// How what Weir reads in a reply departs from what the oracle reads.
func replyDifferences(_ recording: Recording, _ expected: ExpectedReply) -> [String] {
    do {
        switch (dialect(of: recording.provider), expected.endpoint) {
        case (let dialect as AnthropicDialect, "count_tokens"):
            let count = try dialect.decodeCount(recording.reply)
            return expected.text == String(count) ? [] : ["counts \(count)"]
        case (is OpenAIDialect, "embeddings"):
            let reply = try OpenAIEmbeddings().decodeReply(recording.reply, wire: .embeddings)
            return expected.differences(from: reply.usage)
        case (is GeminiDialect, "batchEmbedContents"):
            let reply = try GeminiEmbeddings().decodeReply(recording.reply, wire: nil)
            return expected.differences(from: reply.usage)
        case (let dialect as OpenAIDialect, "responses"):
            return expected.differences(
                from: try dialect.decodeResponsesReply(recording.reply))
        case (let dialect as DeepSeekDialect, "responses"):
            return expected.differences(
                from: try dialect.decodeResponsesReply(recording.reply))
        case (let dialect, _):
            return expected.differences(from: try dialect.decodeReply(recording.reply))
        }
    } catch {
        return ["\(error)"]
    }
}

/// The dialect that Weir would speak to a provider of this name.
func dialect(of provider: String) -> any ProviderDialect {
    (ProviderKind(rawValue: provider) ?? .compatible).dialect
}
