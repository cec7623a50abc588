/// What an operator has stopped, by hand and at once.
package struct KillSwitches: Sendable, Equatable {
    package var engaged: Set<Target>

    package enum Target: Sendable, Hashable {
        case all
        case tenant(TenantID)
        case feature(FeatureSlug)
        case provider(ProviderName)
        case model(ModelName)
    }

    package init(engaged: Set<Target> = []) { self.engaged = engaged }

    /// The first of these that is stopped.
    package func first(of targets: [Target]) -> Target? {
        engaged.isEmpty ? nil : targets.first(where: engaged.contains)
    }
}

extension KillSwitches.Target: CustomStringConvertible {
    /// `all`, `tenant:42`, `feature:sales-summary`, `provider:openai`, `model:gpt-4o`.
    package var description: String {
        switch self {
        case .all: "all"
        case .tenant(let id): "tenant:\(id)"
        case .feature(let slug): "feature:\(slug)"
        case .provider(let name): "provider:\(name)"
        case .model(let name): "model:\(name)"
        }
    }

    package init?(_ text: String) {
        if text == "all" {
            self = .all
            return
        }
        let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { return nil }
        switch parts[0] {
        case "tenant":
            guard let number = Int64(parts[1]), let id = TenantID(number) else { return nil }
            self = .tenant(id)
        case "feature":
            guard let slug = FeatureSlug(parts[1], limit: 64) else { return nil }
            self = .feature(slug)
        case "provider":
            guard let name = ProviderName(parts[1], limit: 64) else { return nil }
            self = .provider(name)
        case "model":
            guard let name = ModelName(parts[1]) else { return nil }
            self = .model(name)
        default: return nil
        }
    }
}
