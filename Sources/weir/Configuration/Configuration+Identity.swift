import WeirService

extension Configuration.Identity {
    init(_ section: ConfigurationSection) {
        self.init()
        secret = Configuration.Identity.secret("secret", section)
        previousSecret = Configuration.Identity.secret("previous_secret", section)
        if previousSecret != nil, secret == nil, !section.contains("secret") {
            section.mistake("previous_secret", nil, "needs a secret beside it")
        }
    }

    /// Whoever guesses it is whoever it likes to be.
    private static func secret(_ name: String, _ section: ConfigurationSection) -> Secret? {
        guard let secret = section.secret(name) else { return nil }
        guard secret.reveal.utf8.count >= IdentitySeal.secretLength else {
            section.mistake(
                name, nil, "must have at least \(IdentitySeal.secretLength) characters")
            return nil
        }
        return secret
    }
}
