import WeirCore

/// Applies each feature's screens to prompts and answers, and writes what they find to the audit
/// log: kinds and counts, never the text.
package struct Screening: Sendable {
    private let screens: FeatureScreens
    private let audit: any DirectoryStore

    package init(_ screens: FeatureScreens, audit: any DirectoryStore) {
        self.screens = screens
        self.audit = audit
    }

    /// What a feature's output policy means for a stream.
    struct StreamPolicy: Sendable {
        /// Bytes of text.
        let maxBytes: Int
        /// Whether no piece of the answer may go out before the whole text was looked at.
        let needsWholeText: Bool
    }

    func stream(of feature: FeatureSlug) -> StreamPolicy {
        let output = screens[feature].output
        return StreamPolicy(maxBytes: output.maxBytes, needsWholeText: output.looksAtText)
    }

    /// The call with its prompt cleaned; 422 where the feature's policy refuses it.
    func screen(_ call: CompletionCall, at now: Timestamp) async throws(WeirError)
        -> CompletionCall
    {
        var call = call
        switch call.work {
        case .chat(var client):
            let input = try await screen(client.chat.system, client.chat.messages, call, now)
            client.take(system: input.system, messages: input.messages)
            call.work = .chat(client)
        case .tokenCount(var client, let dialect):
            let input = try await screen(client.chat.system, client.chat.messages, call, now)
            client.take(system: input.system, messages: input.messages)
            call.work = .tokenCount(client, dialect)
        case .embeddings(var client, let dialect):
            let texts = client.embedding.inputs.map { ChatMessage(role: .user, text: $0) }
            client.take(inputs: try await screen(nil, texts, call, now).messages.map(\.text))
            call.work = .embeddings(client, dialect)
        }
        return call
    }

    private func screen(
        _ system: String?, _ messages: [ChatMessage], _ call: CompletionCall, _ now: Timestamp
    ) async throws(WeirError) -> ScreenedInput {
        switch screens[call.feature].input.screen(system: system, messages: messages) {
        case .pass(let input):
            try await record(
                input.findings, "screening.input", call.request, call.tenant, call.caller.key, now)
            return input
        case .block(let refusal):
            try await record(
                refusal.findings, "screening.refused", call.request, call.tenant,
                call.caller.key, now)
            throw refusal.error(userMessage: messages.count == 1 ? 0 : nil)
        }
    }

    /// The answer as it may be given; throws where it breaks the feature's policy. It was billed.
    func screen(_ text: String, of row: LedgerRow, at now: Timestamp) async throws(WeirError)
        -> String
    {
        let answer = try screens[row.feature].output.screen(text)
        try await record(
            answer.findings, "screening.output", row.request, row.tenant, row.key, now)
        return answer.text
    }

    private func record(
        _ findings: [Finding], _ action: String, _ request: RequestID, _ tenant: TenantID,
        _ key: KeyID, _ now: Timestamp
    ) async throws(WeirError) {
        guard !findings.isEmpty else { return }
        let details = JSONObject(
            findings.map { .init(name: $0.kind, value: JSON($0.count)) })
        let entry = AuditEntry(
            at: now, actor: key.description, action: action, tenant: tenant,
            subject: request.description, details: .object(details))
        do {
            try await audit.append(entry)
        } catch {
            throw WeirError(error)
        }
    }
}
