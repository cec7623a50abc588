package import Logging
import Synchronization
package import WeirCore

/// Bounds of what is told to webhooks.
package struct WebhookSettings: Sendable, Equatable {
    package var retries = WebhookRetries()
    /// Deliveries under way at once.
    package var concurrency = 16
    /// Of these, one tenant's: a slow server keeps nobody else waiting.
    package var perTenant = 4
    /// How long a delivery that has ended is kept.
    package var retention = Duration.seconds(7 * 86_400)

    package init() {}

    static let forgottenAtOnce = 1_000
}

/// Tells webhooks what waits to be told, at least once: a delivery whose end isn't written down is
/// tried again, under the same id.
package final class WebhookDeliverer: Sendable {
    private let store: any WebhookStore
    private let sender: any WebhookSender
    private let seal: Adjustable<WebhookSeal>
    private let settings: WebhookSettings
    private let time: any TimeSource
    private let dice: @Sendable () -> UInt64
    private let logger: Logger
    private let state = Mutex(State())

    fileprivate struct State {
        var underWay: Set<Int64> = []
        var counts: [TenantID: Int] = [:]
    }

    package init(
        store: any WebhookStore, sender: any WebhookSender, seal: WebhookSeal,
        settings: WebhookSettings, time: any TimeSource,
        dice: @escaping @Sendable () -> UInt64 = { UInt64.random(in: .min ... .max) },
        logger: Logger = Logger(label: "weir.webhooks")
    ) {
        self.store = store
        self.sender = sender
        self.seal = Adjustable(seal)
        self.settings = settings
        self.time = time
        self.dice = dice
        self.logger = logger
    }

    /// What is sent from now on is signed by this one.
    package func replace(_ seal: WebhookSeal) { self.seal.replace(seal) }

    /// Delivers until the task is cancelled; what is under way then comes to its end.
    package func run() async {
        let (signals, signal) = AsyncStream.makeStream(
            of: Void.self, bufferingPolicy: .bufferingNewest(1))
        store.eventBell.listen { if $0.hasWebhooks { signal.yield() } }
        await withDiscardingTaskGroup { group in
            group.addTask { [time] in
                // A delivery comes due without a bell.
                while !Task.isCancelled {
                    signal.yield()
                    await time.pause(.seconds(1))
                }
            }
            group.addTask { await self.forgetNowAndThen() }
            for await _ in signals {
                for delivery in await take() {
                    group.addTask {
                        await self.deliver(delivery)
                        signal.yield()
                    }
                }
            }
        }
    }

    /// Delivers what is due now, one after the other.
    /// - Returns: how many were tried.
    @discardableResult
    package func deliverDue() async -> Int {
        let due = await take()
        for delivery in due { await deliver(delivery) }
        return due.count
    }

    /// What is due and has a place; it has its place from now on.
    private func take() async -> [WebhookDelivery] {
        let (free, full) = state.withLock { state in
            let full = state.counts.filter { $0.value >= settings.perTenant }.keys
            return (settings.concurrency - state.underWay.count, Set(full))
        }
        guard free > 0 else { return [] }
        do {
            // Those that are under way are due as well.
            let due = try await store.dueWebhooks(
                at: time.now(), passing: full, limit: 2 * settings.concurrency)
            return state.withLock { state in
                due.filter { state.take($0, settings) }
            }
        } catch {
            logger.error("webhooks can't be read", metadata: ["error": "\(error)"])
            return []
        }
    }

    private func deliver(_ delivery: WebhookDelivery) async {
        let answer = await sender.send(
            WebhookMessage(
                url: delivery.url, headers: seal.current.headers(delivery, at: time.now()),
                body: delivery.body))
        let attempt = attempt(answer, of: delivery)
        do {
            try await store.record(attempt, of: delivery.sequence)
        } catch {
            logger.error("a webhook's delivery can't be noted", metadata: ["error": "\(error)"])
        }
        if case .givenUp = attempt.result {
            logger.warning(
                "a webhook was given up",
                metadata: [
                    "delivery": "\(delivery.id)", "tenant": "\(delivery.tenant)",
                    "outcome": "\(attempt.outcome)",
                ])
        }
        state.withLock { $0.leave(delivery) }
    }

    private func attempt(_ answer: WebhookAnswer, of delivery: WebhookDelivery) -> WebhookAttempt {
        let now = time.now()
        var (outcome, asked) = ("", Int?.none)
        switch answer {
        case .answered(200...299, _):
            return WebhookAttempt(.delivered(at: now), outcome: "delivered")
        case .answered(410, _):
            return WebhookAttempt(.givenUp(at: now), outcome: "410: nobody listens any more")
        case .answered(let status, let retryAfter): (outcome, asked) = ("\(status)", retryAfter)
        case .failed(let reason): outcome = reason
        }
        let wait = settings.retries.wait(
            afterAttempt: delivery.attempts + 1, asked: asked, dice: dice())
        guard let wait else { return WebhookAttempt(.givenUp(at: now), outcome: outcome) }
        return WebhookAttempt(.again(at: now.advanced(by: wait)), outcome: outcome)
    }

    private func forgetNowAndThen() async {
        while !Task.isCancelled {
            let moment = time.now().advanced(by: .zero - settings.retention)
            do {
                _ = try await store.forgetWebhooks(
                    endedBy: moment, limit: WebhookSettings.forgottenAtOnce)
            } catch {
                logger.error("old webhooks can't be forgotten", metadata: ["error": "\(error)"])
            }
            await time.pause(.seconds(60))
        }
    }
}

extension WebhookDeliverer.State {
    fileprivate mutating func take(
        _ delivery: WebhookDelivery, _ settings: WebhookSettings
    ) -> Bool {
        let count = counts[delivery.tenant] ?? 0
        guard underWay.count < settings.concurrency, count < settings.perTenant,
            underWay.insert(delivery.sequence).inserted
        else { return false }
        counts[delivery.tenant] = count + 1
        return true
    }

    fileprivate mutating func leave(_ delivery: WebhookDelivery) {
        underWay.remove(delivery.sequence)
        let rest = (counts[delivery.tenant] ?? 1) - 1
        counts[delivery.tenant] = rest > 0 ? rest : nil
    }
}
