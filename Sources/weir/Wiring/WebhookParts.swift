import NIOPosix
import WeirCore
import WeirService
import WeirUpstream

/// What tells webhooks.
struct WebhookParts: Sendable {
    let deliverer: WebhookDeliverer
    private let client: WebhookClient

    /// Nil where no host may be told.
    init?(
        _ configuration: Configuration.Webhooks, _ store: any WebhookStore, time: any TimeSource
    ) throws {
        guard let seal = configuration.seal else { return nil }
        client = try WebhookClient(
            rules: configuration.rules, group: MultiThreadedEventLoopGroup.singleton,
            timeout: configuration.timeout, authoritiesFile: configuration.caFile, time: time)
        deliverer = WebhookDeliverer(
            store: store, sender: client, seal: seal, settings: configuration.settings, time: time)
    }

    var loop: Loop { Loop(deliverer.run) }

    func stop() async { await client.shutdown() }
}
