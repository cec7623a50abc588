import WeirService

/// The parts of this process whose settings can change while calls run; nil for those that it
/// doesn't have.
struct LiveSettings: Sendable {
    var rates: RateGate?
    var queue: Adjustable<QueueSettings>?
    var cache: ReplyCache?

    /// Puts in force what `Configuration.adopting` takes over.
    @Sendable func apply(_ configuration: Configuration) async {
        LogOutput.set(configuration.logging.level)
        rates?.replace(configuration.limits.ai)
        queue?.replace(configuration.limits.queue)
        cache?.replace(configuration.cache.lifetimes)
    }
}
