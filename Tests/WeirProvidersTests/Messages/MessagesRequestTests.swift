import Testing
import WeirCore
import WeirProviders

@Suite("Anthropic clients' recorded requests")
struct MessagesRequestTests {
    @Test(
        "are accepted, or refused by the name of what bills or reaches into the account",
        .enabled(if: Recordings.folder != nil, Comment(rawValue: Recordings.absence)))
    func acceptedOrRefused() {
        #expect(MessagesExchange.all.count == 120)
        var tally: [String: Int] = [:]
        for exchange in MessagesExchange.all {
            let expected = reasons(exchange.request)
            switch exchange.read() {
            case .success(let read):
                #expect(expected.isEmpty, "\(exchange.id) was to be refused for \(expected)")
                tally[
                    read.uncarried.isEmpty ? "accepted" : "accepted, this wire only", default: 0] +=
                    1
            case .failure(let error):
                #expect(error.code == .invalidRequest)
                #expect(
                    expected.contains(error.param ?? ""), "\(exchange.id): \(error.message)")
                tally["refused \(generic(error.param ?? ""))", default: 0] += 1
            }
        }
        print("recorded Messages requests:")
        for (row, count) in tally.sorted(by: { $0.key < $1.key }) { print("  \(row): \(count)") }
    }

    @Test(
        "say the same once they are read and written again",
        .enabled(if: Recordings.folder != nil, Comment(rawValue: Recordings.absence)))
    func roundTrip() throws {
        var count = 0
        for exchange in MessagesExchange.all {
            guard case .success(let read) = exchange.read(), read.uncarried.isEmpty else {
                continue
            }
            let encoded =
                exchange.isCount
                ? try MessagesFixture.provider.encodeCount(read.chat)
                : try MessagesFixture.provider.encode(
                    read.chat, isStream: read.stream != nil)
            #expect(encoded.path == exchange.path)
            let again = plain(.object(try MessagesFixture.object(encoded.body)))
            let before = plain(.object(exchange.request))
            #expect(isSame(again, before), "\(exchange.id): \(again.text) from \(before.text)")
            count += 1
        }
        #expect(count >= 60)
        print("recorded Messages requests written again: \(count)")
    }

    @Test(
        "are bounded by what they were billed for",
        .enabled(if: Recordings.folder != nil, Comment(rawValue: Recordings.absence)))
    func bounds() throws {
        var count = 0
        for exchange in MessagesExchange.wholes {
            guard case .success(let read) = exchange.read(), !read.input.isOpen else { continue }
            let reply = try MessagesFixture.provider.decodeReply(exchange.response)
            guard case .reported(let usage) = reply.usage else { continue }
            let framing = WorstCase.framing + WorstCase.framingPerMessage * read.input.items
            let bound =
                read.input.textBytes + framing
                + read.input.images * MessagesFixture.provider.tokensPerImage
            #expect(usage.input <= bound, "\(exchange.id): \(usage.input) above \(bound)")
            #expect(read.maxTokens.map { usage.output <= $0 } ?? true)
            count += 1
        }
        #expect(count >= 60)
    }

    @Test(
        "pass through with nothing changed but the model and the cap",
        .enabled(if: Recordings.folder != nil, Comment(rawValue: Recordings.absence)))
    func passThrough() throws {
        let model = try #require(ModelName("other"))
        for exchange in MessagesExchange.all {
            guard case .success(let read) = exchange.read() else { continue }
            var expected = exchange.request
            expected.set("model", "other")
            let encoded: EncodedRequest
            if exchange.isCount {
                encoded = MessagesFixture.provider.passThroughCount(read.body, model: model)
            } else {
                expected.set("max_tokens", 77)
                encoded = MessagesFixture.provider.passThrough(
                    PassThrough(
                        body: read.body, wire: .messages, model: model, maxTokens: 77,
                        isStream: read.stream != nil))
            }
            #expect(encoded.body == JSON.object(expected).encoded, "\(exchange.id)")
            #expect(encoded.path == exchange.path)
        }
    }

    /// Why a request has to be refused, found by another way than Weir's: the fields at fault.
    private func reasons(_ request: JSONObject) -> Set<String> {
        var found = Set(
            ["container", "mcp_servers"].filter { request[$0].map { !$0.isNull } ?? false })
        for (index, tool) in (request["tools"]?.array ?? []).enumerated() {
            let isRun = ["web_", "code_", "advisor_", "tool_search_"].contains {
                tool["type"]?.string?.hasPrefix($0) ?? false
            }
            if isRun { found.insert("tools[\(index)].type") }
        }
        find("", .object(request), &found)
        return found
    }

    private func find(_ path: String, _ json: JSON, _ found: inout Set<String>) {
        if ["file", "container_upload"].contains(json["type"]?.string) {
            found.insert("\(path).type")
        }
        for (index, element) in (json.array ?? []).enumerated() {
            find("\(path)[\(index)]", element, &found)
        }
        for member in json.object?.members ?? [] {
            find(path.isEmpty ? member.name : "\(path).\(member.name)", member.value, &found)
        }
    }

    private func generic(_ param: String) -> String {
        String(param.filter { !$0.isNumber })
    }

    /// The same request with the spellings levelled that mean nothing.
    private func plain(_ json: JSON) -> JSON {
        guard case .object(let object) = json else {
            guard case .array(let elements) = json else { return json }
            return .array(elements.map { self.plain($0) })
        }
        let type = object["type"]?.string
        let isQuiet = object["role"] != nil || type == "tool_result" || object["messages"] != nil
        var plain = JSONObject()
        for member in object.members where !isMute(member) {
            var value = self.plain(member.value)
            if isQuiet, ["content", "system"].contains(member.name), let blocks = value.array,
                blocks.count == 1, blocks[0]["type"] == "text", let text = blocks[0]["text"]
            {
                value = text
            }
            plain.append(member.name, value)
        }
        return .object(plain)
    }

    private func isMute(_ member: JSONObject.Member) -> Bool {
        switch member.name {
        case "cache_control", "metadata", "service_tier", "display": true
        case "stream", "is_error", "strict": member.value == false
        case "tool_choice": member.value == ["type": "auto"]
        case "citations": member.value.isNull
        default: false
        }
    }
}
