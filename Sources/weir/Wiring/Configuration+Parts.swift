import WeirCore
import WeirHTTP
import WeirProviders
import WeirService
import WeirUpstream

extension Configuration {
    var catalogue: ModelCatalogue {
        let aliases = models.map {
            ($0.name, ModelCatalogue.Alias(targets: $0.targets, fallbacks: $0.fallbacks))
        }
        return ModelCatalogue(
            providers: providers.map { .init(name: $0.name, pricesAs: $0.pricesAs) },
            aliases: Dictionary(aliases) { $1 })
    }

    var gate: ProviderGate {
        let limits = providers.map { ($0.name, $0.concurrency) }
        return ProviderGate(
            ProviderTraffic(rules: routing.breaker, limits: Dictionary(limits) { $1 }),
            dice: { UInt64.random(in: .min ... .max) })
    }

    var replyCache: ReplyCache {
        ReplyCache(lifetimes: cache.lifetimes, limit: cache.maxBytes)
    }

    /// What the pipeline's parts have defaults for. An instance behind gateways leaves limits of
    /// pace to them.
    func adjust(_ parts: inout CompletionParts, as role: Role) {
        parts.idempotencySeconds = limits.idempotencyKept.components.seconds
        parts.concurrentCalls = limits.concurrentCalls
        parts.retries = routing.retry
        parts.rates = role == .service ? nil : RateGate(limits.ai)
        parts.queue = Adjustable(limits.queue)
        parts.streams = streams
    }

    var transportLimits: TransportLimits {
        var limits = TransportLimits()
        // The server has given what is in flight its time before the transport is shut down.
        limits.drainTimeout = .milliseconds(100)
        return limits
    }
}

extension Configuration.Cache {
    /// Seconds.
    var lifetimes: [FeatureSlug: Int64] { features.mapValues { $0.components.seconds } }
}

extension Doors {
    /// Every form that is spoken here.
    static let all = Doors(
        chats: ClientDialects.chat, embeddings: ClientDialects.embeddings,
        tokenCounts: ClientDialects.tokenCounts)
}

extension ProviderSetup {
    /// - Parameter callTimeout: bounds every provider's own.
    init(_ provider: Configuration.Provider, callTimeout: Duration) {
        self.init(
            name: provider.name, pricesAs: provider.pricesAs, dialect: provider.kind.dialect,
            key: provider.apiKey?.reveal ?? "", timeout: min(provider.timeout, callTimeout),
            billsErrors: provider.billsErrors)
    }
}

extension UpstreamEndpoint {
    /// Credentials go with each call, in the dialect's own form.
    init(_ provider: Configuration.Provider) {
        self.init(
            name: provider.name, baseURL: provider.baseURL, authoritiesFile: provider.caFile)
    }
}
