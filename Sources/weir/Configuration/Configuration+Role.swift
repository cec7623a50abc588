import WeirCore

extension Configuration {
    /// Refuses what a process of this role can't be started with.
    ///
    /// - Throws: every mistake at once.
    func require(for role: Role) throws(ConfigurationError) {
        var mistakes: [ConfigurationMistake] = []
        func need(_ path: String, _ reason: String) {
            mistakes.append(ConfigurationMistake(path: path, source: .absent, reason: reason))
        }
        if role != .all, identity.secret == nil {
            let purpose =
                role == .service
                ? "which its gateways sign by; without one nobody could call it"
                : "which it signs by who calls"
            need("identity.secret", "the role \(role.rawValue) needs one, \(purpose)")
        }
        if [.gateway, .worker].contains(role), gateway.pools.isEmpty {
            need(
                "gateway.pools",
                "the role \(role.rawValue) needs one, with the instances of the AI service")
        }
        guard mistakes.isEmpty else { throw ConfigurationError(mistakes) }
    }
}
