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
            return again.uncarried.isEmpty ? [] : ["to \(kind): \(again.uncarried)"]
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
