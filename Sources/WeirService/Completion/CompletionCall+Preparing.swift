import Crypto
import Foundation
import WeirCore

extension CompletionCall {
    /// The request as a provider gets it: the client's own body where it speaks the client's wire,
    /// else a translation. Throws `invalid_request` where neither can carry it, or where nothing
    /// bounds its cost.
    func prepare(
        for route: Route, at provider: ProviderSetup
    ) throws(WeirError) -> Preparation {
        switch work {
        case .chat(let client): try prepare(client, route, provider)
        case .embeddings(let client, let dialect): try prepare(client, dialect, route, provider)
        case .tokenCount(let client, let dialect): try prepare(client, dialect, route, provider)
        }
    }

    private func prepare(
        _ client: ClientRequest, _ route: Route, _ provider: ProviderSetup
    ) throws(WeirError) -> Preparation {
        let dialect = provider.dialect
        let cap = min(client.chat.maxTokens, route.price.maxOutputTokens ?? .max)
        let worst = WorstCase(
            price: route.price, input: bound(client.input, client.body, dialect.normalisesText),
            tokensPerImage: dialect.tokensPerImage, outputCap: cap, choices: client.choices)
        guard let worst else { throw unbounded(route) }
        if dialect.wires.contains(self.dialect.wire), !client.isBodyStale {
            let passed = PassThrough(
                body: client.body, wire: self.dialect.wire, model: route.model, maxTokens: cap,
                isStream: client.stream != nil)
            let request = dialect.passThrough(passed).adding(headers)
            return Preparation(
                request: request, form: .passed(self.dialect.wire), worst: worst)
        }
        try requireCarried(client.uncarried, route)
        guard client.choices == 1 else {
            throw WeirError(
                .invalidRequest, "Several answers to one request can't be had from \(route.name)")
        }
        var chat = client.chat
        chat.model = route.model
        chat.maxTokens = cap
        return Preparation(
            request: try dialect.encode(chat, isStream: client.stream != nil), form: .translated,
            worst: worst)
    }

    private func prepare(
        _ client: ClientEmbeddingRequest, _ form: any ClientEmbeddingDialect, _ route: Route,
        _ provider: ProviderSetup
    ) throws(WeirError) -> Preparation {
        guard let dialect = provider.dialect.embeddings else {
            throw WeirError(
                .invalidRequest, "Model \(route.name) makes no embeddings", param: "model")
        }
        let worst = WorstCase(
            price: route.price,
            input: bound(client.input, client.body, provider.dialect.normalisesText),
            outputCap: 0)
        guard let worst else { throw unbounded(route) }
        if dialect.wires.contains(form.wire) {
            let request = dialect.passThrough(client.body, wire: form.wire, model: route.model)
            return Preparation(request: request, form: .embeddings(form.wire), worst: worst)
        }
        try requireCarried(client.uncarried, route)
        var embedding = client.embedding
        embedding.model = route.model
        return Preparation(
            request: try dialect.encode(embedding), form: .embeddings(nil), worst: worst)
    }

    private func prepare(
        _ client: ClientRequest, _ form: any ClientTokenCountDialect, _ route: Route,
        _ provider: ProviderSetup
    ) throws(WeirError) -> Preparation {
        guard let dialect = provider.dialect.tokenCount else {
            throw WeirError(
                .invalidRequest, "The provider of \(route.name) counts no tokens", param: "model")
        }
        if provider.dialect.wires.contains(form.wire), !client.isBodyStale {
            let request = dialect.passThroughCount(client.body, model: route.model)
            return Preparation(
                request: request.adding(headers), form: .tokenCount(isPassed: true), worst: .free)
        }
        try requireCarried(client.uncarried, route)
        var chat = client.chat
        chat.model = route.model
        return Preparation(
            request: try dialect.encodeCount(chat), form: .tokenCount(isPassed: false),
            worst: .free)
    }

    /// The most tokens, read and generated, that it can use at its first route; zero where it uses
    /// none, and where nothing bounds them, which is refused later on.
    func mostTokens(along route: Route, _ providers: [ProviderName: ProviderSetup]) -> Int64 {
        let worst: WorstCase?
        switch work {
        case .chat(let client):
            worst = WorstCase(
                price: route.price, input: client.input,
                tokensPerImage: providers[route.provider]?.dialect.tokensPerImage ?? 0,
                outputCap: min(client.chat.maxTokens, route.price.maxOutputTokens ?? .max),
                choices: client.choices)
        case .embeddings(let client, _):
            worst = WorstCase(price: route.price, input: client.input, outputCap: 0)
        case .tokenCount: worst = nil
        }
        guard let worst else { return 0 }
        let (sum, over) = worst.input.addingReportingOverflow(worst.output)
        return over ? .max : sum
    }

    private func requireCarried(_ uncarried: [String], _ route: Route) throws(WeirError) {
        guard let field = uncarried.first else { return }
        throw WeirError(
            .invalidRequest, "\(field) can't be carried to the provider of \(route.name)",
            param: field)
    }

    private func unbounded(_ route: Route) -> WeirError {
        WeirError(.invalidRequest, "What this request can cost at \(route.name) has no bound")
    }

    /// In the form in which the tokenizer counts: NFKC can grow text elevenfold.
    private func bound(
        _ input: InputBound, _ body: JSONObject, _ isNormalised: Bool
    ) -> InputBound {
        guard isNormalised else { return input }
        var input = input
        input.textBytes += JSON.object(body).normalisationGrowth
        return input
    }
}

extension CompletionCall {
    /// SHA-256 over what the model reads: for each part, the system prompt first, its role, a line
    /// feed, its length in bytes, a line feed, its text.
    var promptDigest: [UInt8] {
        var hasher = SHA256()
        func add(_ role: String, _ text: String) {
            hasher.update(data: Array("\(role)\n\(text.utf8.count)\n".utf8))
            hasher.update(data: Array(text.utf8))
        }
        switch work {
        case .chat(let client), .tokenCount(let client, _):
            if let system = client.chat.system { add("system", system) }
            for message in client.chat.messages { add(message.role.rawValue, message.text) }
        case .embeddings(let client, _):
            for text in client.embedding.inputs { add("input", text) }
        }
        return Array(hasher.finalize())
    }
}

extension WorstCase {
    /// Of what costs nothing.
    static let free = WorstCase(free: ())
}

extension EncodedRequest {
    fileprivate func adding(_ more: [HeaderField]) -> EncodedRequest {
        more.isEmpty ? self : EncodedRequest(path: path, headers: headers + more, body: body)
    }
}

extension JSON {
    /// How much longer its strings are in NFKC form.
    fileprivate var normalisationGrowth: Int64 {
        switch self {
        case .null, .bool, .number: return 0
        case .string(let text):
            if text.utf8.allSatisfy({ $0 < 0x80 }) { return 0 }
            let normalised = text.precomposedStringWithCompatibilityMapping.utf8.count
            return Int64(max(0, normalised - text.utf8.count))
        case .array(let elements): return elements.reduce(0) { $0 + $1.normalisationGrowth }
        case .object(let object):
            return object.members.reduce(0) { $0 + $1.value.normalisationGrowth }
        }
    }
}
