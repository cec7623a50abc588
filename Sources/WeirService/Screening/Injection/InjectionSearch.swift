import WeirCore

/// One prompt's search for injected instructions: what is written, what is written in base64, and
/// what is written in invisible characters.
struct InjectionSearch {
    /// What the user wrote and what the assistant is said to have answered are two texts.
    private var user = InjectionScanner()
    private var assistant: InjectionScanner?
    private var tally = FindingTally()
    private var extra = 0
    private var known = 0
    private var base64Budget = Base64Runs.largestTotal

    mutating func read(_ text: String, role: ChatMessage.Role) {
        let bytes = Array(text.utf8)
        let survey = TextSurvey(bytes: bytes)
        let folded = survey.hasNonASCII ? TextFold.shared.fold(text) : bytes
        switch role {
        case .user: user.read(folded)
        case .assistant:
            if assistant == nil { assistant = InjectionScanner() }
            assistant?.read(folded)
        }
        for run in Base64Runs.decoded(in: bytes, budget: &base64Budget) {
            readApart(TextFold.shared.fold(run), as: "injection.encoded")
        }
    }

    mutating func readHidden(_ text: [UInt8]) {
        readApart(text, as: "injection.hidden")
    }

    /// Whether anything was found since the last call.
    mutating func takeNews() -> Bool {
        let total = user.total + (assistant?.total ?? 0) + extra
        defer { known = total }
        return total > known
    }

    func report(to tally: inout FindingTally) {
        for (number, kind) in InjectionKind.allCases.enumerated() {
            tally.add(kind.rawValue, user.counts[number] + (assistant?.counts[number] ?? 0))
        }
        for finding in self.tally.findings { tally.add(finding.kind, finding.count) }
    }

    private mutating func readApart(_ text: [UInt8], as name: String) {
        var scanner = InjectionScanner()
        scanner.read(text)
        guard scanner.total > 0 else { return }
        extra += scanner.total
        tally.add(name)
        for (number, kind) in InjectionKind.allCases.enumerated() {
            tally.add(kind.rawValue, scanner.counts[number])
        }
    }
}
