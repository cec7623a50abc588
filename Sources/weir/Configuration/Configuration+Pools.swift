import WeirCore
import WeirService

extension PoolPlan {
    /// What a section under `gateway.pools` says of balancing, checks and times.
    mutating func read(_ section: ConfigurationSection) {
        rules.method = section.choice("balance", default: rules.method)
        rules.mostInFlight = section.integer(
            "max_in_flight", in: 1...100_000, default: rules.mostInFlight)
        rules.slowStart = section.duration(
            "slow_start", in: .zero ... .seconds(3_600), default: rules.slowStart)
        resolveEvery = section.duration(
            "resolve_every", in: .seconds(1) ... .seconds(86_400), default: resolveEvery)
        limits.read(section.section("timeouts"))
        let health = section.section("health")
        check.read(health)
        rules.checkInterval = health.duration(
            "every", in: .milliseconds(100) ... .seconds(3_600), default: rules.checkInterval)
        health.requireAtLeast("every", rules.checkInterval, "timeout", check.timeout)
        rules.failedChecks = health.integer("failures", in: 1...100, default: rules.failedChecks)
        rules.passedChecks = health.integer("passes", in: 1...100, default: rules.passedChecks)
        readEjection(section.section("ejection"))
    }

    private mutating func readEjection(_ section: ConfigurationSection) {
        rules.failedCalls = section.integer(
            "failures", in: 1...100_000, default: rules.failedCalls)
        let times = Duration.milliseconds(100)...Duration.seconds(86_400)
        rules.ejection = section.duration("base", in: times, default: rules.ejection)
        rules.longestEjection = section.duration(
            "longest", in: times, default: rules.longestEjection)
        section.requireAtLeast("longest", rules.longestEjection, "base", rules.ejection)
        rules.ejectedShare = section.integer(
            "most_percent", in: 0...100, default: rules.ejectedShare)
    }

    var listed: [JSONObject.Member] {
        let members: [(String, JSON)] = [
            ("balance", .string(rules.method.rawValue)),
            ("timeouts", limits.listed),
            ("max_in_flight", JSON(rules.mostInFlight)),
            ("resolve_every", .string(resolveEvery.configured)),
            (
                "health",
                [
                    "path": .string(check.path), "every": .string(rules.checkInterval.configured),
                    "timeout": .string(check.timeout.configured),
                    "failures": JSON(rules.failedChecks), "passes": JSON(rules.passedChecks),
                    "status": JSON(check.status),
                    "body": check.text.map { .string($0) } ?? .null,
                ]
            ),
            (
                "ejection",
                [
                    "failures": JSON(rules.failedCalls),
                    "base": .string(rules.ejection.configured),
                    "longest": .string(rules.longestEjection.configured),
                    "most_percent": JSON(rules.ejectedShare),
                ]
            ),
            ("slow_start", .string(rules.slowStart.configured)),
        ]
        return members.map { .init(name: $0.0, value: $0.1) }
    }
}

extension HealthCheck {
    fileprivate mutating func read(_ section: ConfigurationSection) {
        path = section.text("path", default: path, limit: 1_024)
        if !HealthCheck.isTarget(path) {
            section.mistake("path", nil, "must be a path, as in /health/ready")
        }
        timeout = section.duration(
            "timeout", in: .milliseconds(10) ... .seconds(600), default: timeout)
        status = section.integer("status", in: 200...599, default: status)
        text = section.optionalText("body", limit: 1_024)
    }

    /// What can stand in a request's first line.
    private static func isTarget(_ text: String) -> Bool {
        text.utf8.first == UInt8(ascii: "/")
            && text.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "#") }
    }
}

extension InstanceLimits {
    fileprivate mutating func read(_ section: ConfigurationSection) {
        let wait = Duration.milliseconds(10)...Duration.seconds(86_400)
        connect = section.duration("connect", in: wait, default: connect)
        read = section.duration("read", in: wait, default: read)
        total = section.duration("total", in: wait, default: total)
        section.requireAtLeast("total", total, "read", read)
    }

    fileprivate var listed: JSON {
        [
            "connect": .string(connect.configured), "read": .string(read.configured),
            "total": .string(total.configured),
        ]
    }
}
