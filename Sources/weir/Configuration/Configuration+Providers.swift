import WeirCore
import WeirProviders
import WeirUpstream

extension Configuration.Provider {
    /// Every provider of the file, and the vendors that the environment alone brings in.
    static func names(_ section: ConfigurationSection) -> [String] {
        section.names
            + ProviderKind.allCases.map(\.rawValue).filter {
                !section.names.contains($0)
                    && section.reader.overridesAnything(below: section.path(of: $0))
            }
    }

    static func read(
        _ text: String, _ parent: ConfigurationSection
    ) -> Configuration.Provider? {
        let section = parent.section(text)
        guard let name = ProviderName(text, limit: 64) else {
            parent.mistake(text, section.source, ConfigurationSection.slugRule(64))
            return nil
        }
        // Everything is read before anything is given up, so that every mistake is found.
        let kind = kind(named: name, section)
        let baseURL = baseURL(kind, section)
        let apiKey = section.secret("api_key")
        let caFile = section.optionalText("ca_file")
        let timeout = section.duration(
            "timeout", in: .milliseconds(100) ... .seconds(3_600), default: .seconds(60))
        let concurrency = section.integer("concurrency", in: 1...100_000, default: 256)
        let maxConnections = section.integer("max_connections", in: 1...10_000, default: 1_024)
        section.warnUnused("max_connections")
        let billsErrors = section.bool("bills_errors", default: false)
        let pricesAs = section.slug("prices_as", limit: 64)
        if !section.contains("api_key"), !section.contains("base_url") {
            section.mistake("api_key", nil, "is missing; as in api_key: ${\(keyVariable(name))}")
        }
        guard let kind, let baseURL else { return nil }
        return Configuration.Provider(
            name: name, kind: kind, baseURL: baseURL, apiKey: apiKey, caFile: caFile,
            timeout: timeout, concurrency: concurrency, maxConnections: maxConnections,
            billsErrors: billsErrors,
            pricesAs: (pricesAs ?? kind.priceBookName ?? name).description)
    }

    private static func kind(
        named name: ProviderName, _ section: ConfigurationSection
    ) -> ProviderKind? {
        if section.contains("kind") {
            let known = ProviderKind(rawValue: name.description)
            return section.choice("kind", default: known ?? .compatible)
        }
        _ = section.scalar("kind")
        if let kind = ProviderKind(rawValue: name.description) { return kind }
        let kinds = ProviderKind.allCases.map(\.rawValue)
        let hint = NearMiss.hint(name.description, among: kinds)
        section.mistake(
            "kind", nil,
            "is missing: \(name) is none of \(kinds.joined(separator: ", "))\(hint)")
        return nil
    }

    private static func baseURL(
        _ kind: ProviderKind?, _ section: ConfigurationSection
    ) -> BaseURL? {
        guard let scalar = section.scalar("base_url") else {
            guard let kind, !section.contains("base_url") else { return nil }
            guard let standard = kind.defaultBaseURL else {
                section.mistake("base_url", nil, "is missing: this kind has no default")
                return nil
            }
            // A vendor's own address is sound; a test reads each of them.
            return try? BaseURL(standard)
        }
        do {
            let url = try BaseURL(scalar.text)
            if url.scheme == .http, !["localhost", "127.0.0.1", "::1"].contains(url.host) {
                section.warn("base_url", "http:// sends the key and every prompt unencrypted")
            }
            return url
        } catch {
            section.mistake("base_url", scalar.source, error.description)
            return nil
        }
    }

    private static func keyVariable(_ name: ProviderName) -> String {
        ConfigurationReader.variable(for: "\(name).api_key").split(
            separator: "_", maxSplits: 1
        ).last.map(String.init) ?? "API_KEY"
    }
}
