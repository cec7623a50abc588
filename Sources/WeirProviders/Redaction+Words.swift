/// What the redaction takes for a secret, an account or a host.
extension Redaction {
    /// How keys and accounts begin, at the providers, at the compatible servers and here.
    static let prefixes = [
        "sk-", "pk-", "wk_", "AIza", "AQ.", "ya29.", "gsk_", "csk-", "xai-", "eyJ", "org-", "proj_",
        "proj-", "acct_", "projects/", "project_number:",
    ]

    /// Names whose value is a secret behind `=`.
    static let secretNames = ["key", "token", "secret", "password", "authorization", "credential"]
    /// Names whose value is a secret behind `:`, too.
    static let headerNames = [
        "api_key", "api-key", "apikey", "secret", "password", "authorization",
    ]

    /// Last labels of hosts that occur in the texts of providers and of proxies in front of them. A
    /// list, since `messages.0.content` has dots as well and the caller needs to read it.
    private static let topLevels: Set<String> = [
        "ai", "app", "arpa", "biz", "ch", "cloud", "cluster", "cn", "co", "com", "corp", "de",
        "dev", "eu", "example", "fr", "home", "in", "info", "internal", "intranet", "invalid",
        "io", "jp", "lan", "local", "localdomain", "me", "net", "org", "ru", "svc", "tech",
        "test", "uk", "us", "xyz",
    ]

    static func isHost(_ word: ArraySlice<UInt8>, hasPort: Bool) -> Bool {
        guard word.count <= 253 else { return false }
        let labels = word.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self).lowercased() }
        guard let last = labels.last, labels.allSatisfy(isLabel) else { return false }
        if last == "localhost" { return true }
        guard labels.count > 1 else { return false }
        if labels.count == 4, labels.allSatisfy({ UInt8($0) != nil }) { return true }
        return topLevels.contains(last) || (hasPort && last.utf8.allSatisfy(isLetter))
    }

    private static func isLabel(_ label: String) -> Bool {
        (1...63).contains(label.utf8.count)
            && label.utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
    }

    /// Twenty letters and digits in a run, some of each: a key, not a word or a date.
    static func isOpaque(_ word: ArraySlice<UInt8>) -> Bool {
        word.split { !isAlphanumeric($0) }.contains { run in
            run.count >= 20 && run.contains(where: isDigit) && run.contains(where: isLetter)
        }
    }
}
