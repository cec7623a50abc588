import WeirCore
import WeirProviders

extension ExchangeChecks {
    /// The field for which the request is refused, without what it stands in; nil where it is read.
    var refusal: String? {
        guard case .failure(let error) = readRequest() else { return nil }
        let names = (error.param ?? error.message).split(separator: ".")
        return names.last.map(String.init)
    }

    /// A request that is read has its prose counted, goes to its own provider as it is, and to
    /// every other translated or refused by name.
    func requestFaults() -> [String] {
        guard let wire = exchange.wire, case .success(let read?) = readRequest() else { return [] }
        var faults: [String] = []
        let prose = read.chat.prose.reduce(0) { $0 + $1.utf8.count }
        if read.input.textBytes < Int64(prose) { faults.append("bound below the prose") }
        if (read.stream != nil) != exchange.isStream { faults.append("stream") }
        if read.body != exchange.request { faults.append("body") }
        if exchange.dialect.wires.contains(wire) {
            let passed = exchange.dialect.passThrough(
                PassThrough(
                    body: read.body, wire: wire, model: read.chat.model, maxTokens: 4_096,
                    isStream: exchange.isStream))
            if (try? JSONParser.parse(passed.body, .request)) == nil {
                faults.append("passes what is no JSON")
            }
        }
        for kind in ProviderKind.allCases { faults += translationFaults(read.chat, kind) }
        return faults
    }

    /// For each provider the field that a translation is refused for, or that there is one; empty
    /// where the request itself is refused.
    func translations() -> [String] {
        guard exchange.wire != nil, case .success(var read?) = readRequest() else { return [] }
        read.chat.maxTokens = 4_096
        return ProviderKind.allCases.map { kind in
            do throws(WeirError) {
                _ = try kind.dialect.encode(read.chat, isStream: exchange.isStream)
                return "\(kind.rawValue) | sent"
            } catch {
                return "\(kind.rawValue) | refused for \(error.param ?? error.message)"
            }
        }
    }

    /// What a provider is sent is read by Weir's own reader of that wire as the same conversation.
    private func translationFaults(_ chat: ChatRequest, _ kind: ProviderKind) -> [String] {
        var chat = chat
        chat.maxTokens = 4_096
        do throws(WeirError) {
            let dialect = kind.dialect
            let sent = try dialect.encode(chat, isStream: exchange.isStream)
            guard let body = (try? JSONParser.parse(sent.body, .request))?.object,
                let client = ClientDialects.chat.first(where: { $0.wire == dialect.wires[0] })
            else { return ["to \(kind): no JSON object"] }
            let again = try client.decode(body, model: chat.model, isStream: nil)
            var faults = again.uncarried
            if again.chat.tools.map(\.name) != chat.tools.map(\.name) { faults.append("tools") }
            if again.chat.calls != chat.calls { faults.append("calls") }
            if !JSON.object(body).holds(chat.texts) { faults.append("text") }
            return faults.map { "to \(kind): \($0)" }
        } catch {
            let isNamed = error.code == .invalidRequest && error.param != nil
            return isNamed ? [] : ["to \(kind): \(error)"]
        }
    }

    /// Nil for embeddings, which say nothing to complete.
    private func readRequest() -> Result<ClientRequest?, WeirError> {
        do throws(WeirError) {
            if exchange.endpoint == "count_tokens" {
                let clients = ClientDialects.tokenCounts
                let client = clients.first { $0.wire == .messages }
                return .success(try client?.decodeCount(exchange.request, model: nil))
            }
            guard let wire = exchange.wire else {
                _ = try readEmbeddings().get()
                return .success(nil)
            }
            let client = ClientDialects.chat.first { $0.wire == wire }
            let isOfPath = wire == .generateContent
            return .success(
                try client?.decode(
                    exchange.request, model: exchange.model,
                    isStream: isOfPath ? exchange.isStream : nil))
        } catch {
            return .failure(error)
        }
    }
}

extension ChatRequest {
    /// The names of the functions that were called, and the numbers of members in their arguments.
    fileprivate var calls: [String] {
        messages.flatMap(\.parts).compactMap { part in
            guard case .toolCall(let call) = part else { return nil }
            return "\(call.name) \(call.arguments.object?.members.count ?? 1)"
        }
    }

    /// Everything in it that is read as prose, piece by piece, but for whole documents.
    fileprivate var texts: [String] {
        let pieces = messages.flatMap(\.parts).flatMap { part -> [String] in
            switch part {
            case .text(let text): [text]
            case .toolResult(let result): [ChatMessage(role: .user, parts: result.content).text]
            default: []
            }
        }
        return pieces + (system.map { [$0] } ?? [])
    }
}

extension JSON {
    /// Whether each of these texts is somewhere in its strings, alone or as a part.
    fileprivate func holds(_ texts: [String]) -> Bool {
        var strings = Set<String>()
        collect(into: &strings)
        return texts.allSatisfy { text in
            text.isEmpty || strings.contains(text) || strings.contains { $0.contains(text) }
        }
    }

    private func collect(into strings: inout Set<String>) {
        switch self {
        case .string(let text): strings.insert(text)
        case .array(let elements): for element in elements { element.collect(into: &strings) }
        case .object(let object):
            for member in object.members { member.value.collect(into: &strings) }
        default: return
        }
    }
}
