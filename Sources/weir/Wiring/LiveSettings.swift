import WeirService

/// The parts of this process whose settings can change while calls run; nil for those that it
/// doesn't have.
struct LiveSettings: Sendable {
    var rates: RateGate?
    var queue: Adjustable<QueueSettings>?
    var cache: ReplyCache?
    var pools: GatewayPools?
    var desk: JobDesk?
    var reports: ReportDesk?
    var webhooks: WebhookDeliverer?

    /// Makes ready what `Configuration.adopting` takes over; nothing is in force before what it
    /// returns has run.
    ///
    /// - Throws: what only this process can find wrong, as a file that isn't there.
    @Sendable func prepare(
        _ configuration: Configuration
    ) throws(ConfigurationError) -> @Sendable () async -> Void {
        let switchPools = try pools?.prepare(configuration.gateway)
        return {
            LogOutput.set(configuration.logging.level)
            rates?.replace(configuration.limits.ai)
            queue?.replace(configuration.limits.queue)
            cache?.replace(configuration.cache.lifetimes)
            desk?.apply(configuration.queues)
            reports?.replace(configuration.templatesInForce)
            if let seal = configuration.webhooks.seal { webhooks?.replace(seal) }
            await switchPools?()
        }
    }
}
