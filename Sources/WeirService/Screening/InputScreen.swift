package import WeirCore

/// The input side of a feature's policy, compiled once.
package struct InputScreen: Sendable {
    let policy: ScreeningPolicy
    let personalData: PersonalDataScanner?

    package init(_ policy: ScreeningPolicy) throws(PatternError) {
        self.policy = policy
        let scanner = try PersonalDataScanner(policy.personalData)
        personalData = policy.personalData.mode == .off ? nil : scanner
        // The fold table takes some 25 ms to build: at the start, not in somebody's request.
        if policy.injection != .off { _ = InjectionLexicon.shared }
    }

    /// Linear in the prompt's size. Screening a passed prompt again changes nothing.
    package func screen(system: String?, messages: [ChatMessage]) -> InputVerdict {
        if let refusal = tooLong(system, messages) { return .block(refusal) }
        var review = InputReview()
        var system = system
        if let text = system { system = mended(text, at: .system, &review) ?? text }
        var messages = messages
        for index in messages.indices {
            for place in messages[index].parts.indices {
                let part = messages[index].parts[place].mapTexts { text in
                    mended(text, at: .message(index), &review)
                }
                if let part { messages[index].parts[place] = part }
            }
        }
        if policy.injection != .off { searchInjection(system, messages, &review) }
        let findings = review.tally.findings
        if let place = review.refusedAt {
            let kinds = findings.map(\.kind).joined(separator: ", ")
            return .block(
                InputRefusal(
                    findings: findings, place: place,
                    message: "The prompt is refused by this feature's policy: \(kinds)"))
        }
        return .pass(
            ScreenedInput(system: hardened(system), messages: messages, findings: findings))
    }

    private func tooLong(_ system: String?, _ messages: [ChatMessage]) -> InputRefusal? {
        var size = system?.utf8.count ?? 0
        var place: InputRefusal.Place? = size > policy.maxInputBytes ? .system : nil
        for (index, message) in messages.enumerated() {
            size += message.text.utf8.count
            if place == nil, size > policy.maxInputBytes { place = .message(index) }
        }
        guard let place else { return nil }
        return InputRefusal(
            findings: [Finding("length")], place: place,
            message: "The prompt has \(size) bytes; \(policy.maxInputBytes) are allowed")
    }

    private func hardened(_ system: String?) -> String? {
        guard let suffix = policy.systemPromptSuffix, !suffix.isEmpty else { return system }
        guard let system, !system.isEmpty else { return suffix }
        return system.hasSuffix(suffix) ? system : system + "\n\n" + suffix
    }
}
