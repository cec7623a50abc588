import WeirCore
import WeirProviders
import WeirService
import WeirUpstream

/// What `weir.yaml` and the environment say: plain values, checked, every default filled in.
struct Configuration: Sendable, Equatable {
    var server = Server()
    var storage = Storage()
    /// The bootstrap administrator's credential; nil: only keys out of the database are accepted.
    var adminKey: Secret?
    var identity = Identity()
    var gateway = Gateway()
    /// In the order of the file.
    var providers: [Provider] = []
    /// Names that callers use, in the order of the file; every priced model of a provider is
    /// callable besides.
    var models: [Model] = []
    /// A price document laid over the built-in book.
    var pricesFile: String?
    var limits = Limits()
    /// What jobs wait in.
    var queues = JobQueues()
    /// Who may listen to what happens, and for how long it is kept.
    var events = EventSettings()
    var webhooks = Webhooks()
    /// How jobs of the queue `batch` go to providers.
    var batches = BatchSettings()
    var routing = Routing()
    var streams = StreamLimits()
    var cache = Cache()
    var logging = Logging()
    var screening = Screening()
    /// How features make prompts of parameters.
    var templates = FeatureTemplates()

    struct Server: Sendable, Equatable {
        var host = "127.0.0.1"
        /// 0: any free one.
        var port = 8_080
        /// Open at a time; nil: as many as the process's open files leave.
        var maxConnections: Int?
        /// Of one client's address; nil: as many as it likes.
        var maxConnectionsPerAddress: Int?
        /// How long calls are still accepted after SIGTERM, while `/health/ready` says 503.
        var drainNotice = Duration.zero
        /// How long calls in flight may take to end after that.
        var drainTimeout = Duration.seconds(70)
    }

    struct Storage: Sendable, Equatable {
        /// The SQLite database, relative to the working directory.
        var sqlitePath = "weir.db"
    }

    /// What gateways and instances of the AI service share.
    struct Identity: Sendable, Equatable {
        /// Signs who calls; nil: no gateway is believed.
        var secret: Secret?
        /// Still believed, while the secret is changed everywhere.
        var previousSecret: Secret?
    }

    struct Provider: Sendable, Equatable {
        let name: ProviderName
        var kind: ProviderKind
        var baseURL: BaseURL
        /// Nil only where `base_url` is given: a server of one's own may want none.
        var apiKey: Secret?
        /// A PEM file of authorities, trusted instead of the system's.
        var caFile: String?
        /// From sending to the last byte of the reply.
        var timeout = Duration.seconds(60)
        /// Calls in flight at it; one more goes to the next route.
        var concurrency = 256
        var maxConnections = 1_024
        /// Whether it bills for its own 500, 503 and 529.
        var billsErrors = false
        /// Whose prices it charges, as the price book names it.
        var pricesAs: String
    }

    struct Model: Sendable, Equatable {
        /// The callers' name for it.
        let name: ModelName
        /// One of these serves a call, by weight; never empty.
        var targets: [ModelCatalogue.Target]
        /// Names that are tried in turn where no target gives an answer.
        var fallbacks: [ModelName] = []
    }

    /// What is done about providers that fail.
    struct Routing: Sendable, Equatable {
        var retry = RetryRules()
        var breaker = BreakerRules()
    }

    /// Answers that are given again to equal requests of a tenant.
    struct Cache: Sendable, Equatable {
        /// Of all answers together.
        var maxBytes = 64 << 20
        /// How long an answer is kept, for the features that want it.
        var features: [FeatureSlug: Duration] = [:]
    }

    /// Bounds of what callers may send and wait for.
    struct Limits: Sendable, Equatable {
        /// Bytes of a request's body.
        var body = 4 << 20
        var jsonDepth = 64
        /// What `max_tokens` is where a call doesn't say.
        var maxTokensDefault = 1_024
        /// One call, all its attempts together.
        var callTimeout = Duration.seconds(60)
        /// Calls in flight; more have to wait.
        var concurrentCalls = 1_024
        /// What tenants, their users, features and keys may ask for.
        var ai = LimitPolicy()
        /// How calls wait for a place in flight, and for one at a full provider.
        var queue = QueueSettings()
        /// How long an answer is kept for its idempotency key.
        var idempotencyKept = Duration.seconds(86_400)
    }

    struct Logging: Sendable, Equatable {
        var level = Level.info
        var format = Format.text

        /// The same names as swift-log's levels.
        enum Level: String, Sendable, CaseIterable {
            case trace, debug, info, notice, warning, error, critical
        }

        enum Format: String, Sendable, CaseIterable {
            case text, json
        }
    }

    struct Screening: Sendable, Equatable {
        var standard = ScreeningPolicy()
        /// Each one is the standard with what the feature's own section says.
        var features: [FeatureSlug: ScreeningPolicy] = [:]
    }
}
