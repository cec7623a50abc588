import NIOConcurrencyHelpers

/// Behaviours that stand until they are cleared or used up.
final class SandboxBehaviourRules: Sendable {
    struct Rule: Sendable {
        /// nil: every provider.
        var provider: SandboxProvider?
        /// nil: every endpoint of a call by itself; not the model list, which probes ask for, nor
        /// the batch interfaces.
        var endpoint: SandboxEndpoint?
        /// nil: every model.
        var model: String?
        /// For how many more requests; nil: until cleared.
        var count: Int?
        var behaviour: SandboxBehaviour
    }

    private let rules = NIOLockedValueBox<[Rule]>([])

    /// Adds a rule; it replaces the one for the same provider, endpoint and model.
    ///
    /// - Returns: false when there are too many rules.
    func put(_ rule: Rule) -> Bool {
        rules.withLockedValue { rules in
            rules.removeAll {
                $0.provider == rule.provider && $0.endpoint == rule.endpoint
                    && $0.model == rule.model
            }
            guard rules.count < SandboxLimits.behaviourRules else { return false }
            rules.append(rule)
            return true
        }
    }

    func clear() {
        rules.withLockedValue { $0 = [] }
    }

    var all: [Rule] { rules.withLockedValue { $0 } }

    /// The behaviour of the last rule that matches, counted as used.
    func take(
        _ provider: SandboxProvider, _ endpoint: SandboxEndpoint, model: String
    ) -> SandboxBehaviour {
        rules.withLockedValue { rules in
            guard !rules.isEmpty else { return SandboxBehaviour() }
            let index = rules.lastIndex {
                ($0.provider == nil || $0.provider == provider)
                    && ($0.endpoint == endpoint || $0.endpoint == nil && endpoint.isSingleCall)
                    && ($0.model == nil || $0.model == model)
            }
            guard let index else { return SandboxBehaviour() }
            let behaviour = rules[index].behaviour
            if let count = rules[index].count {
                if count > 1 { rules[index].count = count - 1 } else { rules.remove(at: index) }
            }
            return behaviour
        }
    }
}
