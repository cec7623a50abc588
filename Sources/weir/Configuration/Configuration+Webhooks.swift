import WeirCore
import WeirService
import WeirUpstream

extension Configuration {
    /// Who else is told, on servers of their own.
    struct Webhooks: Sendable, Equatable {
        var rules = WebhookRules()
        /// Signs what is sent, for every tenant that has none of its own; nil only where nobody
        /// is told.
        var secret: Secret?
        /// Signs beside it, until every receiver knows the new one.
        var previousSecret: Secret?
        /// By tenant, in the order of the file.
        var tenants: [(TenantID, Secret)] = []
        var previousTenants: [(TenantID, Secret)] = []
        var settings = WebhookSettings()
        /// Of one message.
        var timeout = Duration.seconds(10)
        /// A PEM file of authorities, trusted instead of the system's.
        var caFile: String?

        static func == (one: Webhooks, other: Webhooks) -> Bool {
            one.rules == other.rules && one.secret == other.secret
                && one.previousSecret == other.previousSecret
                && one.settings == other.settings && one.timeout == other.timeout
                && one.caFile == other.caFile
                && one.tenants.elementsEqual(other.tenants) { $0 == $1 }
                && one.previousTenants.elementsEqual(other.previousTenants) { $0 == $1 }
        }

        /// Nil where nobody is told.
        var seal: WebhookSeal? {
            guard !rules.hosts.isEmpty, let secret else { return nil }
            let common = [secret, previousSecret].compactMap { $0?.bytes }
            var own = Dictionary(tenants.map { ($0.0, [$0.1.bytes]) }) { $1 }
            // Also of one that has no secret of its own any more.
            for (tenant, previous) in previousTenants {
                own[tenant, default: common].append(previous.bytes)
            }
            return WebhookSeal(secrets: common, tenants: own)
        }
    }
}

extension Configuration.Webhooks {
    /// Bytes of a secret; a guessable one would let others speak in Weir's name.
    private static let secretLength = 32

    init(_ section: ConfigurationSection) {
        self.init()
        rules = WebhookRules(section)
        secret = Configuration.Webhooks.secret("secret", section)
        previousSecret = Configuration.Webhooks.secret("previous_secret", section)
        if previousSecret != nil, secret == nil, !section.contains("secret") {
            section.mistake("previous_secret", nil, "needs a secret beside it")
        }
        tenants = Configuration.Webhooks.secrets(section.section("tenants"))
        previousTenants = Configuration.Webhooks.secrets(section.section("previous_tenants"))
        timeout = section.duration(
            "timeout", in: .milliseconds(100) ... .seconds(60), default: timeout)
        caFile = section.optionalText("ca_file")
        settings = WebhookSettings(section)
        if !rules.hosts.isEmpty, secret == nil, !section.contains("secret") {
            section.mistake("hosts", nil, "need a secret beside them, which signs what is sent")
        }
    }

    private static func secrets(_ own: ConfigurationSection) -> [(TenantID, Secret)] {
        own.names.compactMap { name in
            guard let tenant = Int64(name).flatMap(TenantID.init), tenant.description == name
            else {
                own.mistake(name, nil, "must be a tenant's number")
                return nil
            }
            return secret(name, own).map { (tenant, $0) }
        }
    }

    private static func secret(_ name: String, _ section: ConfigurationSection) -> Secret? {
        guard let secret = section.secret(name) else { return nil }
        guard secret.reveal.utf8.count >= secretLength else {
            section.mistake(name, nil, "must have at least \(secretLength) characters")
            return nil
        }
        return secret
    }

    /// The secrets as the listing shows them.
    func listed(_ redacted: (Secret?) -> JSON) -> JSON {
        [
            "hosts": .array(rules.hosts.map { .string($0) }),
            "secret": redacted(secret), "previous_secret": redacted(previousSecret),
            "tenants": Configuration.Webhooks.listed(tenants, redacted),
            "previous_tenants": Configuration.Webhooks.listed(previousTenants, redacted),
            "allow_http": .bool(rules.allowsHTTP), "allow_private": .bool(rules.allowsPrivate),
            "ports": .array(rules.ports.sorted().map { JSON($0) }),
            "timeout": .string(timeout.configured),
            "ca_file": caFile.map { .string($0) } ?? .null,
            "attempts": JSON(settings.retries.attempts),
            "retry_base": .string(settings.retries.base.configured),
            "retry_cap": .string(settings.retries.cap.configured),
            "concurrency": JSON(settings.concurrency),
            "per_tenant": JSON(settings.perTenant),
            "retention": .string(settings.retention.configured),
        ]
    }

    private static func listed(
        _ secrets: [(TenantID, Secret)], _ redacted: (Secret?) -> JSON
    ) -> JSON {
        .object(
            JSONObject(secrets.map { .init(name: $0.0.description, value: redacted($0.1)) }))
    }
}

extension Secret {
    fileprivate var bytes: [UInt8] { Array(reveal.utf8) }
}

extension WebhookRules {
    fileprivate init(_ section: ConfigurationSection) {
        self.init()
        for (index, host) in section.list("hosts").enumerated() {
            let pattern = host.text.lowercased()
            guard WebhookRules.isPattern(pattern) else {
                section.mistake(
                    "hosts[\(index)]", host.source, "must be a host's name, or *. and a name")
                continue
            }
            hosts.append(pattern)
        }
        allowsHTTP = section.bool("allow_http", default: allowsHTTP)
        allowsPrivate = section.bool("allow_private", default: allowsPrivate)
        for (index, port) in section.list("ports").enumerated() {
            guard let number = wholeNumber(port.text), (1...65_535).contains(number) else {
                section.mistake("ports[\(index)]", port.source, "must be a port")
                continue
            }
            ports.insert(number)
        }
    }
}

extension WebhookSettings {
    fileprivate init(_ section: ConfigurationSection) {
        self.init()
        retries.attempts = section.integer("attempts", in: 1...100, default: retries.attempts)
        retries.base = section.duration(
            "retry_base", in: .milliseconds(10) ... .seconds(3_600), default: retries.base)
        retries.cap = section.duration(
            "retry_cap", in: .milliseconds(10) ... .seconds(7 * 86_400), default: retries.cap)
        concurrency = section.integer("concurrency", in: 1...1_000, default: concurrency)
        perTenant = section.integer("per_tenant", in: 1...1_000, default: perTenant)
        retention = section.duration(
            "retention", in: .seconds(60) ... .seconds(365 * 86_400), default: retention)
    }
}
