import WeirCore
import WeirService

extension Configuration.Routing {
    init(_ section: ConfigurationSection) {
        self.init()
        retry = RetryRules(section)
        breaker = BreakerRules(section.section("breaker"))
    }
}

extension RetryRules {
    fileprivate init(_ section: ConfigurationSection) {
        self.init()
        attempts = section.integer("attempts", in: 1...20, default: attempts)
        retries = section.integer("retries", in: 0...10, default: retries)
        base = section.duration(
            "retry_base", in: .milliseconds(1) ... .seconds(60), default: base)
        cap = section.duration("retry_cap", in: .milliseconds(1) ... .seconds(60), default: cap)
        section.requireAtLeast("retry_cap", cap, "retry_base", base)
    }
}

extension BreakerRules {
    fileprivate init(_ section: ConfigurationSection) {
        self.init()
        failures = section.integer("failures", in: 1...100_000, default: failures)
        window = section.duration("window", in: .seconds(1) ... .seconds(3_600), default: window)
        rate = section.integer("rate", in: 1...100, default: rate)
        minimumCalls = section.integer("minimum_calls", in: 1...100_000, default: minimumCalls)
        coolDown = section.duration(
            "cool_down", in: .milliseconds(100) ... .seconds(3_600), default: coolDown)
        longestCoolDown = section.duration(
            "longest_cool_down", in: .milliseconds(100) ... .seconds(86_400),
            default: longestCoolDown)
        section.requireAtLeast("longest_cool_down", longestCoolDown, "cool_down", coolDown)
        slowStart = section.duration(
            "slow_start", in: .zero ... .seconds(3_600), default: slowStart)
    }
}

extension StreamLimits {
    init(_ section: ConfigurationSection) {
        self.init()
        let wait = Duration.milliseconds(100) ... .seconds(3_600)
        firstToken = section.duration("first_token", in: wait, default: firstToken)
        betweenTokens = section.duration("between_tokens", in: wait, default: betweenTokens)
        total = section.duration("total", in: wait, default: total)
        drain = section.duration("drain", in: .zero ... .seconds(3_600), default: drain)
        if betweenTokens > firstToken {
            section.requireAtLeast("total", total, "between_tokens", betweenTokens)
        } else {
            section.requireAtLeast("total", total, "first_token", firstToken)
        }
    }
}

extension Configuration.Cache {
    init(_ section: ConfigurationSection) {
        self.init()
        maxBytes = section.size("max_bytes", in: (64 << 10)...(64 << 30), default: maxBytes)
        let own = section.section("features")
        for name in own.names {
            let lifetime = own.duration(
                name, in: .seconds(1) ... .seconds(30 * 86_400), default: .seconds(1))
            guard let slug = FeatureSlug(name, limit: 64) else {
                own.mistake(name, nil, ConfigurationSection.slugRule(64))
                continue
            }
            features[slug] = lifetime
        }
    }
}

extension ConfigurationSection {
    /// Two times of which one must not be shorter than the other; said at the first one where it
    /// is given, else at the second.
    func requireAtLeast(
        _ name: String, _ value: Duration, _ other: String, _ least: Duration
    ) {
        guard value < least else { return }
        if contains(name) {
            mistake(name, nil, "must not be shorter than \(other), \(least.configured)")
        } else {
            mistake(other, nil, "must not be longer than \(name), \(value.configured)")
        }
    }
}
