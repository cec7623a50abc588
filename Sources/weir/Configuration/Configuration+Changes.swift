import WeirCore

extension Configuration {
    /// This configuration with what another one says of everything that can change while calls
    /// run.
    func adopting(_ next: Configuration) -> Configuration {
        var merged = self
        merged.logging.level = next.logging.level
        merged.limits.ai = next.limits.ai
        merged.limits.queue = next.limits.queue
        merged.cache.features = next.cache.features
        merged.gateway = next.gateway
        // A store of jobs is opened by a start.
        merged.gateway.keepsJobs = gateway.keepsJobs
        merged.queues = next.queues
        merged.templates = next.templates
        if next.webhooks.secret != nil {
            merged.webhooks.secret = next.webhooks.secret
            merged.webhooks.previousSecret = next.webhooks.previousSecret
            merged.webhooks.tenants = next.webhooks.tenants
            merged.webhooks.previousTenants = next.webhooks.previousTenants
        }
        return merged
    }

    /// The paths of the keys whose values differ, in the order of the listing. A list is one value,
    /// and so is a section that only one of the two has.
    func differences(from other: Configuration) -> [String] {
        var paths: [String] = []
        Configuration.compare(listed, other.listed, path: "", into: &paths)
        // The listing redacts them all alike.
        let secrets = Dictionary(other.secrets) { first, _ in first }
        for (path, secret) in self.secrets where !paths.contains(path) {
            // One that only one of them has is listed by one alone.
            guard let other = secrets[path], other != secret else { continue }
            paths.append(path)
        }
        return paths
    }

    /// Every secret that there is, with its path.
    private var secrets: [(String, Secret)] {
        let all: [(String, Secret?)] =
            [
                ("admin_key", adminKey), ("identity.secret", identity.secret),
                ("identity.previous_secret", identity.previousSecret),
                ("webhooks.secret", webhooks.secret),
                ("webhooks.previous_secret", webhooks.previousSecret),
            ] + webhooks.tenants.map { ("webhooks.tenants.\($0.0)", $0.1) }
            + webhooks.previousTenants.map { ("webhooks.previous_tenants.\($0.0)", $0.1) }
            + providers.map { ("providers.\($0.name).api_key", $0.apiKey) }
        return all.compactMap { path, secret in secret.map { (path, $0) } }
    }

    private static func compare(
        _ one: JSON, _ other: JSON, path: String, into paths: inout [String]
    ) {
        guard one != other else { return }
        guard let left = one.object, let right = other.object else {
            paths.append(path)
            return
        }
        let names =
            left.members.map(\.name) + right.members.map(\.name).filter { left[$0] == nil }
        for name in names {
            let inner = path.isEmpty ? name : "\(path).\(name)"
            compare(left[name] ?? .null, right[name] ?? .null, path: inner, into: &paths)
        }
    }
}
