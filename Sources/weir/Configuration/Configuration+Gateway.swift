import WeirCore
import WeirService
import WeirUpstream

extension Configuration {
    /// What a gateway, or a worker, needs to know of the services behind it.
    struct Gateway: Sendable, Equatable {
        /// In the order of the file; none: this process is no gateway.
        var pools: [Pool] = []
        /// Of the AI calls whose feature has no pool of its own.
        var defaultPool: InstancePoolName?
        var features: [FeatureRouting.Rule] = []
        /// In the order of the file.
        var routes: [RegularRoute] = []
        /// Whether it keeps jobs itself.
        var keepsJobs = false
        /// Of the workers, who keep them in its stead.
        var jobsPool: InstancePoolName?
    }
}

extension Configuration.Gateway {
    struct Pool: Sendable, Equatable {
        var plan: PoolPlan
        /// Each one stands for all the addresses of its host.
        var instances: [BaseURL]
        /// After so long a connection isn't used for another call: calls move on to where a host's
        /// addresses lead now.
        var maxConnectionAge = Duration.seconds(600)
        /// A PEM file of authorities, trusted instead of the system's.
        var caFile: String?
    }

    /// What is to be done with calls; nil where there is no pool.
    var plan: GatewayPlan? {
        guard let defaultPool, let routing = FeatureRouting(features, default: defaultPool) else {
            return nil
        }
        return GatewayPlan(
            pools: pools.map(\.plan), routing: routing, routes: routes, jobsPool: jobsPool)
    }

    init(_ section: ConfigurationSection) {
        self.init()
        let poolSection = section.section("pools")
        let names = poolSection.names
        pools = names.compactMap { Pool.read($0, poolSection) }
        if names.count > Configuration.Gateway.mostPools {
            section.mistake("pools", nil, "are more than \(Configuration.Gateway.mostPools)")
        }
        defaultPool = readDefaultPool(section, names)
        features = readFeatures(section, names)
        routes = RegularRoute.read(section, pools: names)
        keepsJobs = section.bool("keeps_jobs", default: false)
        jobsPool = section.slug("jobs_pool", limit: 64)
        if keepsJobs, section.contains("jobs_pool") {
            section.mistake("jobs_pool", nil, "has no place beside keeps_jobs: true")
        }
        if let jobsPool { section.requirePool(jobsPool, "jobs_pool", among: names) }
    }

    static let mostPools = 64

    private func readDefaultPool(
        _ section: ConfigurationSection, _ names: [String]
    ) -> InstancePoolName? {
        if let name = section.slug("default_pool", limit: 64) {
            section.requirePool(name, "default_pool", among: names)
            return name
        }
        guard !section.contains("default_pool"), !names.isEmpty else { return nil }
        guard names.count == 1 else {
            section.mistake("default_pool", nil, "is missing: there are \(names.count) pools")
            return nil
        }
        return pools.first?.plan.name
    }

    private func readFeatures(
        _ section: ConfigurationSection, _ names: [String]
    ) -> [FeatureRouting.Rule] {
        let features = section.section("features")
        if features.names.count > FeatureRouting.mostRules {
            section.mistake("features", nil, "are more than \(FeatureRouting.mostRules)")
        }
        return features.names.compactMap { text in
            let pool = features.slug(text, limit: 64)
            if let pool { features.requirePool(pool, text, among: names) }
            guard let pattern = FeaturePattern(text) else {
                features.mistake(
                    text, nil, "\(ConfigurationSection.slugRule(64)), or * for any text")
                return nil
            }
            return pool.map { .init(pattern, $0) }
        }
    }
}

extension Configuration.Gateway.Pool {
    static func read(
        _ text: String, _ parent: ConfigurationSection
    ) -> Configuration.Gateway.Pool? {
        let section = parent.section(text)
        let name = InstancePoolName(text, limit: 64)
        if name == nil {
            parent.mistake(text, section.source, ConfigurationSection.slugRule(64))
        }
        let instances = readInstances(section)
        var plan = PoolPlan(name: name ?? .defaultFeature)
        plan.read(section)
        let age = section.duration(
            "max_connection_age", in: .seconds(1) ... .seconds(86_400), default: .seconds(600))
        let caFile = section.optionalText("ca_file")
        guard name != nil else { return nil }
        return Configuration.Gateway.Pool(
            plan: plan, instances: instances, maxConnectionAge: age, caFile: caFile)
    }

    /// In one pool.
    private static let mostInstances = 64

    private static func readInstances(_ section: ConfigurationSection) -> [BaseURL] {
        var found: [BaseURL] = []
        let texts = section.list("instances")
        if !section.contains("instances") {
            section.mistake("instances", nil, "is missing; as in [\"http://ai-1:8080\"]")
        } else if section.isEmptyList("instances") {
            section.mistake("instances", nil, "must not be empty")
        } else if texts.count > mostInstances {
            section.mistake("instances", nil, "are more than \(mostInstances)")
        }
        for (index, scalar) in texts.enumerated() {
            let place = "instances[\(index)]"
            do {
                let url = try BaseURL(scalar.text)
                if !url.pathPrefix.isEmpty {
                    section.mistake(place, scalar.source, "must have no path")
                } else if found.contains(url) {
                    section.mistake(place, scalar.source, "is there twice")
                }
                found.append(url)
            } catch {
                section.mistake(place, scalar.source, error.description)
            }
        }
        return found
    }
}

extension ConfigurationSection {
    func requirePool(_ pool: InstancePoolName, _ name: String, among names: [String]) {
        guard !names.contains(pool.description) else { return }
        let hint = NearMiss.hint(pool.description, among: names)
        mistake(name, nil, "\(pool) is not under gateway.pools\(hint)")
    }
}
