import WeirCore

extension Configuration.Model {
    /// - Parameter providers: the names that `provider` may be, also of mistaken sections.
    static func read(
        _ text: String, _ parent: ConfigurationSection, providers: [String]
    ) -> Configuration.Model? {
        let section = parent.section(text)
        guard let name = ModelName(text) else {
            parent.mistake(text, section.source, ConfigurationSection.slugRule(128))
            return nil
        }
        let targets = targets(of: name, section, providers)
        let fallbacks = section.slugs("fallbacks")
        if fallbacks.contains(name) {
            section.mistake("fallbacks", nil, "must not hold the model itself")
        }
        requireFew(fallbacks.count, "fallbacks", section)
        guard let targets else { return nil }
        return Configuration.Model(name: name, targets: targets, fallbacks: fallbacks)
    }

    /// The one target that `provider` and `model` say, or those of the list; nil where mistaken.
    private static func targets(
        of name: ModelName, _ section: ConfigurationSection, _ providers: [String]
    ) -> [ModelCatalogue.Target]? {
        let listed = section.sections("targets")
        guard section.contains("targets") else {
            return target(section, providers, standard: name, weight: 1).map { [$0] }
        }
        for key in ["provider", "model"] {
            _ = section.slug(key)
            if section.contains(key) { section.mistake(key, nil, "has no place beside targets") }
        }
        var targets: [ModelCatalogue.Target] = []
        for element in listed {
            let weight = element.integer("weight", in: 0...1_000, default: 1)
            guard let target = target(element, providers, standard: name, weight: weight) else {
                continue
            }
            if targets.contains(where: { $0.isSame(as: target) }) {
                element.mistake("model", nil, "is the same as another target's")
            }
            targets.append(target)
        }
        requireFew(listed.count, "targets", section)
        guard !targets.isEmpty else { return nil }
        if targets.count == listed.count, targets.allSatisfy({ $0.weight == 0 }) {
            section.mistake("targets", nil, "must hold a target with a weight above 0")
        }
        return targets
    }

    private static func target(
        _ section: ConfigurationSection, _ providers: [String], standard: ModelName, weight: Int
    ) -> ModelCatalogue.Target? {
        let provider = section.slug("provider", limit: 64)
        let model = section.slug("model") ?? standard
        guard let provider else {
            if !section.contains("provider") {
                section.mistake("provider", nil, "is missing: a name under providers")
            }
            return nil
        }
        if !providers.contains(provider.description) {
            let hint = NearMiss.hint(provider.description, among: providers)
            section.mistake("provider", nil, "\(provider) is not under providers\(hint)")
        }
        return ModelCatalogue.Target(provider: provider, model: model, weight: weight)
    }

    private static func requireFew(_ count: Int, _ name: String, _ section: ConfigurationSection) {
        let most = ModelCatalogue.mostRoutes
        if count > most {
            section.mistake(name, nil, "holds \(count), of which a call tries at most \(most)")
        }
    }
}

extension ModelCatalogue.Target {
    fileprivate func isSame(as other: ModelCatalogue.Target) -> Bool {
        provider == other.provider && model == other.model
    }
}
