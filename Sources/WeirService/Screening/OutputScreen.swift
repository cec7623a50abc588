package import WeirCore

/// The output side of a feature's policy, compiled once.
package struct OutputScreen: Sendable {
    private let policy: OutputPolicy
    private let personalData: PersonalDataScanner?
    private let requiredFields: [[String]]

    package init(_ policy: ScreeningPolicy) throws(PatternError) {
        self.policy = policy.output
        let scanner = try PersonalDataScanner(policy.personalData)
        personalData = policy.output.personalData == .off ? nil : scanner
        requiredFields = policy.output.requiredJSONFields.map { path in
            path.split(separator: ".").map(String.init)
        }
    }

    /// The answer as the caller may have it, and what was seen.
    ///
    /// Throws `unsafe_output` where it is too long, lacks a required field or holds personal data
    /// that is to be blocked. The call has been paid by then: charge it.
    package func screen(_ text: String) throws(WeirError) -> (text: String, findings: [Finding]) {
        let size = text.utf8.count
        guard size <= policy.maxBytes else {
            throw WeirError(
                .unsafeOutput,
                "The model's answer has \(size) bytes; \(policy.maxBytes) are allowed")
        }
        guard looksAtText else { return (text, []) }
        var tally = FindingTally()
        guard !requiredFields.isEmpty else {
            return (try mended(text, &tally) ?? text, tally.findings)
        }
        let document = try JSONAnswer(text)
        try document.require(requiredFields)
        guard let value = try mended(document.value, &tally) else { return (text, tally.findings) }
        return (document.replacing(value), tally.findings)
    }

    /// Bytes of UTF-8; a longer answer is refused.
    package var maxBytes: Int { policy.maxBytes }

    /// Whether more than the length of an answer matters.
    package var looksAtText: Bool {
        !requiredFields.isEmpty || changesText || personalData != nil
    }

    private var changesText: Bool { policy.stripTags || policy.escapeHTML }

    /// Nil where the text may stay as it is.
    private func mended(_ text: String, _ tally: inout FindingTally) throws(WeirError) -> String? {
        let original = Array(text.utf8)
        var bytes = original
        if changesText { tally.add("output.script_url", ScriptURLs.count(in: bytes)) }
        if policy.stripTags {
            let stripped = TagStripper.strip(bytes)
            tally.add("output.html", stripped.count)
            bytes = stripped.text
        }
        // After the tags: they can part a number.
        if let personalData {
            let isScrubbed = policy.personalData == .scrub
            let (scrubbed, matches) =
                isScrubbed ? personalData.scrub(bytes) : (nil, personalData.matches(in: bytes))
            PersonalDataScanner.count(matches, in: &tally)
            if policy.personalData == .block, !matches.isEmpty {
                let kinds = tally.findings.map(\.kind).joined(separator: ", ")
                throw WeirError(
                    .unsafeOutput, "The answer is refused by this feature's policy: \(kinds)")
            }
            bytes = scrubbed ?? bytes
        }
        if policy.escapeHTML { bytes = HTMLEscaping.escape(bytes) }
        return bytes == original ? nil : String(decoding: bytes, as: UTF8.self)
    }

    /// In JSON, each string and name is mended by itself: the document stays a document.
    private func mended(_ value: JSON, _ tally: inout FindingTally) throws(WeirError) -> JSON? {
        switch value {
        case .null, .bool, .number: return nil
        case .string(let text): return try mended(text, &tally).map { .string($0) }
        case .array(var elements):
            var isChanged = false
            for index in elements.indices {
                guard let element = try mended(elements[index], &tally) else { continue }
                elements[index] = element
                isChanged = true
            }
            return isChanged ? .array(elements) : nil
        case .object(let object):
            var members: [JSONObject.Member] = []
            var isChanged = false
            for member in object.members {
                let name = try mended(member.name, &tally)
                let value = try mended(member.value, &tally)
                isChanged = isChanged || name != nil || value != nil
                members.append(.init(name: name ?? member.name, value: value ?? member.value))
            }
            return isChanged ? .object(JSONObject(members)) : nil
        }
    }
}
