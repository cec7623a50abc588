import NIOPosix
import WeirService
import WeirUpstream

extension Configuration {
    /// What tells webhooks; nothing where no host may be told.
    func webhookParts(
        _ store: any WebhookStore, time: any TimeSource
    ) throws -> (loops: [Loop], stop: @Sendable () async -> Void) {
        guard let seal = webhooks.seal else { return ([], {}) }
        let client = try WebhookClient(
            rules: webhooks.rules, group: MultiThreadedEventLoopGroup.singleton,
            timeout: webhooks.timeout, authoritiesFile: webhooks.caFile, time: time)
        let deliverer = WebhookDeliverer(
            store: store, sender: client, seal: seal, settings: webhooks.settings, time: time)
        return ([Loop(deliverer.run)], client.shutdown)
    }
}
