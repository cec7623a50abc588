import WeirCore
import WeirService

/// A configuration with what was noticed on the way.
struct ConfigurationReading: Sendable {
    let configuration: Configuration
    /// Sound, but probably not what somebody wants.
    let warnings: [ConfigurationMistake]
    /// Every variable that can override a key, with the key.
    let variables: [ConfigurationReader.Variable]
}

extension Configuration {
    /// Reads a file; see `read(yaml:environment:)`.
    static func read(
        file: String, environment: [String: String]
    ) throws(ConfigurationError) -> ConfigurationReading {
        let text: String
        do {
            text = try SmallFile.text(file, limit: YAMLNode.Limits.bytes)
        } catch {
            throw ConfigurationError([
                ConfigurationMistake(path: "", source: .absent, reason: error.description)
            ])
        }
        return try read(yaml: text, environment: environment)
    }

    /// Reads a configuration, overridden by `WEIR_…` variables.
    ///
    /// - Throws: every mistake at once, each with its path and its line or variable.
    static func read(
        yaml: String, environment: [String: String]
    ) throws(ConfigurationError) -> ConfigurationReading {
        let (root, reader) = try open(yaml: yaml, environment: environment)
        let configuration = Configuration(root)
        root.reportUnknown()
        reader.warnUnknownVariables(sections: root.sectionNames)
        try reader.finish()
        return ConfigurationReading(
            configuration: configuration, warnings: reader.warnings, variables: reader.variables)
    }

    /// The document's top mapping, unread.
    static func open(
        yaml: String, environment: [String: String]
    ) throws(ConfigurationError) -> (ConfigurationSection, ConfigurationReader) {
        let root: YAMLNode
        do {
            root = try YAMLNode(parsing: yaml)
        } catch {
            throw ConfigurationError([
                ConfigurationMistake(path: "", source: .line(error.line), reason: error.reason)
            ])
        }
        let members: [YAMLNode.Member]
        switch root.content {
        case .mapping(let found): members = found
        case .empty: members = []
        case .scalar, .list:
            throw ConfigurationError([
                ConfigurationMistake(
                    path: "", source: .line(root.line), reason: "must be a mapping of sections")
            ])
        }
        let reader = ConfigurationReader(environment: environment)
        let section = ConfigurationSection(
            path: "", source: .absent, members: members, reader: reader)
        return (section, reader)
    }

    private init(_ root: ConfigurationSection) {
        self.init()
        server = Server(root.section("server"))
        storage = Storage(root.section("storage"))
        adminKey = Configuration.adminKey(root)
        identity = Identity(root.section("identity"))
        gateway = Gateway(root.section("gateway"))
        let providerSection = root.section("providers")
        let providerNames = Provider.names(providerSection)
        providers = providerNames.compactMap { Provider.read($0, providerSection) }
        let modelSection = root.section("models")
        models = modelSection.names.compactMap {
            Model.read($0, modelSection, providers: providerNames)
        }
        pricesFile = root.section("prices").optionalText("file")
        limits = Limits(root.section("limits"))
        queues = JobQueues(root.section("queues"))
        events = EventSettings(root.section("events"))
        webhooks = Webhooks(root.section("webhooks"))
        batches = BatchSettings(root.section("batches"))
        routing = Routing(root.section("routing"))
        streams = StreamLimits(root.section("streams"))
        cache = Cache(root.section("cache"))
        logging = Logging(root.section("logging"))
        screening = Screening(root.section("screening"))
        templates = FeatureTemplates(
            root.section("templates"), queues: queues, screening: screening)
        if providerNames.isEmpty, gateway.pools.isEmpty {
            root.warn("providers", "there is none, so no model can be called")
        }
    }

    /// The key opens everything, so a guessable one is refused.
    private static func adminKey(_ root: ConfigurationSection) -> Secret? {
        guard let key = root.secret("admin_key") else { return nil }
        guard (16...512).contains(key.reveal.utf8.count) else {
            root.mistake("admin_key", nil, "must have 16 to 512 characters")
            return nil
        }
        return key
    }
}

extension Configuration.Server {
    init(_ section: ConfigurationSection) {
        self.init()
        host = section.text("host", default: host, limit: 253)
        port = section.integer("port", in: 0...65_535, default: port)
        let most = section.integer("max_connections", in: 0...1_000_000, default: 0)
        maxConnections = most > 0 ? most : nil
        let mostOfOne = section.integer(
            "max_connections_per_address", in: 0...1_000_000, default: 0)
        maxConnectionsPerAddress = mostOfOne > 0 ? mostOfOne : nil
        drainNotice = section.duration(
            "drain_notice", in: .zero ... .seconds(600), default: drainNotice)
        drainTimeout = section.duration(
            "drain_timeout", in: .milliseconds(100) ... .seconds(600), default: drainTimeout)
    }
}

extension Configuration.Storage {
    init(_ section: ConfigurationSection) {
        self.init()
        sqlitePath = section.section("sqlite").text("path", default: sqlitePath)
        if section.contains("postgres") {
            _ = section.section("postgres")
            section.mistake("postgres", nil, "is not available yet; use storage.sqlite")
        }
    }
}

extension Configuration.Limits {
    init(_ section: ConfigurationSection) {
        self.init()
        body = section.size("body", in: (1 << 10)...(64 << 20), default: body)
        jsonDepth = section.integer("json_depth", in: 4...512, default: jsonDepth)
        maxTokensDefault = section.integer(
            "max_tokens_default", in: 1...1_000_000, default: maxTokensDefault)
        callTimeout = section.duration(
            "call_timeout", in: .milliseconds(100) ... .seconds(3_600), default: callTimeout)
        concurrentCalls = section.integer(
            "concurrent_calls", in: 1...100_000, default: concurrentCalls)
        idempotencyKept = section.duration(
            "idempotency_kept", in: .seconds(60) ... .seconds(30 * 86_400),
            default: idempotencyKept)
        section.warnUnused("json_depth")
        ai = LimitPolicy(section.section("ai"))
        queue = QueueSettings(section.section("queue"))
    }
}

extension Configuration.Logging {
    init(_ section: ConfigurationSection) {
        self.init()
        level = section.choice("level", default: level)
        format = section.choice("format", default: format)
    }
}
