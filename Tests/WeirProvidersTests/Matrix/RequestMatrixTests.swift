import Testing
import WeirCore
import WeirProviders

/// What each thing that a request can say becomes: in the words of every provider, whichever wire
/// the client speaks.
@Suite("Request matrix")
struct RequestMatrixTests {
    @Test("of each case is what the golden file has", arguments: MatrixCase.all)
    func isGolden(_ matrixCase: MatrixCase) throws {
        var file = JSONObject()
        for kind in ProviderKind.allCases {
            file.append(kind.rawValue, encoded(matrixCase, matrixCase.asked(of: kind), kind))
        }
        let requests = try MatrixFiles.requests(matrixCase.name)
        var clients = JSONObject()
        for client in ClientDialects.chat {
            let written = try #require(requests[client.wire.rawValue])
            clients.append(client.wire.rawValue, try outcome(written, client, matrixCase, file))
        }
        file.append("clients", .object(clients))
        let text = JSON.object(file).indented() + "\n"
        if MatrixFiles.isWriting { try MatrixFiles.write(text, golden: matrixCase.name) }
        let golden = try MatrixFiles.golden(matrixCase.name)
        if text == golden { return }
        let before = try JSONParser.parse(Array(golden.utf8), .reply)
        Issue.record("differs: \(JSON.object(file).differences(from: before))")
    }

    @Test("has one request and one golden file for each case")
    func isWhole() throws {
        let names = MatrixCase.all.map(\.name)
        #expect(Set(names).count == names.count)
        #expect(try MatrixFiles.names("Requests") == Set(names))
        #expect(try MatrixFiles.names("Golden") == Set(names))
    }

    /// What a provider is sent, or the name of what it can't be.
    private func encoded(_ matrixCase: MatrixCase, _ chat: ChatRequest, _ kind: ProviderKind)
        -> JSON
    {
        do throws(WeirError) {
            let request = try kind.dialect.encode(chat, isStream: matrixCase.isStream)
            let body = try? JSONParser.parse(request.body, .request)
            #expect(body != nil, "\(kind) is sent what is no strict JSON")
            return ["path": .string(request.path), "body": body ?? .null]
        } catch {
            #expect(error.code == .invalidRequest)
            return ["refused": .string(error.param ?? "nothing named")]
        }
    }

    /// How what this client's request is read as departs from the case, and how what the providers
    /// are sent for it does: both are empty where nothing is lost.
    private func outcome(
        _ written: JSON, _ client: any ClientDialect, _ matrixCase: MatrixCase,
        _ expected: JSONObject
    ) throws -> JSON {
        guard let body = written.object else {
            let reason = try #require(written.string)
            return ["unsaid": .string(reason)]
        }
        let isOfPath = client.wire == .generateContent
        let read: ClientRequest
        do throws(WeirError) {
            read = try client.decode(
                body, model: isOfPath ? MatrixCase.model : nil,
                isStream: isOfPath ? matrixCase.isStream : nil)
        } catch {
            return ["refused": .string(error.param ?? error.message)]
        }
        #expect((read.stream != nil) == matrixCase.isStream && read.choices == 1)
        #expect(read.maxTokens == 4_096 && read.body == body)
        #expect(read.input.textBytes >= Int64(read.chat.prose.reduce(0) { $0 + $1.utf8.count }))
        let lost = matrixCase.chat.departures(of: read.chat)
        var outcome = JSONObject()
        if !lost.isEmpty { outcome.append("lost", .array(lost.map(JSON.string))) }
        if !read.uncarried.isEmpty {
            outcome.append("uncarried", .array(read.uncarried.map(JSON.string)))
        }
        var sent = matrixCase
        sent.chat = read.chat
        for kind in ProviderKind.allCases {
            let got = encoded(sent, sent.asked(of: kind), kind)
            let found = (expected[kind.rawValue] ?? .null).differences(from: got)
            if found.isEmpty { continue }
            outcome.append(
                "to \(kind.rawValue)", got["refused"] ?? .array(found.map(JSON.string)))
        }
        return .object(outcome)
    }
}

extension ChatRequest {
    /// The names of the members in which another reading of this request differs.
    fileprivate func departures(of other: ChatRequest) -> [String] {
        var found: [String] = []
        func compare<Value: Equatable>(_ name: String, _ path: KeyPath<ChatRequest, Value>) {
            if self[keyPath: path] != other[keyPath: path] { found.append(name) }
        }
        compare("model", \.model)
        compare("system", \.system)
        compare("max_tokens", \.maxTokens)
        compare("temperature", \.temperature)
        compare("top_p", \.topP)
        compare("top_k", \.topK)
        compare("stop", \.stop)
        compare("tool_choice", \.toolChoice)
        compare("parallel_tool_calls", \.parallelToolCalls)
        compare("format", \.format)
        compare("reasoning", \.reasoning)
        compare("frequency_penalty", \.frequencyPenalty)
        compare("presence_penalty", \.presencePenalty)
        compare("seed", \.seed)
        if messages.count == other.messages.count {
            for (index, (left, right)) in zip(messages, other.messages).enumerated() {
                found += left.departures(of: right).map { "messages[\(index)].\($0)" }
            }
        } else {
            found.append("messages: \(other.messages.count)")
        }
        if tools.count == other.tools.count {
            for index in tools.indices where tools[index] != other.tools[index] {
                found.append("tools[\(index)]")
            }
        } else {
            found.append("tools: \(other.tools.count)")
        }
        return found
    }

    /// Everything in it that people wrote.
    var prose: [String] { messages.map(\.text) + (system.map { [$0] } ?? []) }
}

extension ChatMessage {
    fileprivate func departures(of other: ChatMessage) -> [String] {
        if role != other.role { return ["role"] }
        guard parts.count == other.parts.count else { return ["parts: \(other.parts.count)"] }
        return parts.indices.filter { parts[$0] != other.parts[$0] }.map { index in
            // The function's name is known by its call's id.
            if case .toolResult(let left) = parts[index],
                case .toolResult(var right) = other.parts[index], right.name == nil
            {
                right.name = left.name
                if left == right { return "parts[\(index)].name" }
            }
            return "parts[\(index)]"
        }
    }
}
