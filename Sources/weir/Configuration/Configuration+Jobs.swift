import WeirCore
import WeirService

extension JobQueues {
    /// The section `queues`: by name what differs from the default.
    init(_ section: ConfigurationSection) {
        var queues: [QueueName: Queue] = [:]
        let standard = JobQueues().names.map(\.description)
        for name in Set(standard + section.names).sorted() {
            let own = section.section(name)
            guard let slug = QueueName(name, limit: QueueName.queueLimit) else {
                section.mistake(
                    name, own.source, ConfigurationSection.slugRule(QueueName.queueLimit))
                continue
            }
            queues[slug] = Queue(own)
        }
        self.init(queues)
    }

    /// With every figure that is in force.
    var listed: JSON {
        .object(
            JSONObject(
                names.map { name in
                    .init(name: name.description, value: (self[name] ?? Queue()).listed)
                }))
    }
}

extension JobQueues.Queue {
    fileprivate init(_ section: ConfigurationSection) {
        self.init()
        rules = QueueRules(section)
        mostWaiting = section.integer("most_waiting", in: 1...10_000_000, default: mostWaiting)
        deadline = section.duration(
            "deadline", in: .seconds(1) ... .seconds(30 * 86_400), default: deadline)
    }

    fileprivate var listed: JSON {
        [
            "concurrency": JSON(rules.concurrency), "attempts": JSON(rules.attempts),
            "attempt_timeout": .string(rules.attemptTimeout.configured),
            "lease": .string(rules.lease.configured),
            "per_minute": JSON(rules.perMinute ?? 0),
            "retry_base": .string(rules.base.configured),
            "retry_cap": .string(rules.cap.configured),
            "retention": .string(rules.retention.configured),
            "most_waiting": JSON(mostWaiting), "deadline": .string(deadline.configured),
        ]
    }
}

extension QueueRules {
    /// Zero claims a minute mean: no limit.
    fileprivate init(_ section: ConfigurationSection) {
        self.init()
        concurrency = section.integer("concurrency", in: 1...10_000, default: concurrency)
        attempts = section.integer("attempts", in: 1...20, default: attempts)
        attemptTimeout = section.duration(
            "attempt_timeout", in: .milliseconds(100) ... .seconds(3_600), default: attemptTimeout)
        lease = section.duration("lease", in: .seconds(1) ... .seconds(3_600), default: lease)
        let pace = section.integer("per_minute", in: 0...10_000_000, default: perMinute ?? 0)
        perMinute = pace > 0 ? pace : nil
        base = section.duration(
            "retry_base", in: .milliseconds(1) ... .seconds(3_600), default: base)
        cap = section.duration(
            "retry_cap", in: .milliseconds(1) ... .seconds(86_400), default: cap)
        section.requireAtLeast("retry_cap", cap, "retry_base", base)
        retention = section.duration(
            "retention", in: .seconds(1) ... .seconds(366 * 86_400), default: retention)
    }
}
