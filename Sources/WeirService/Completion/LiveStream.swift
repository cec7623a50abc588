import Synchronization
package import WeirCore

/// A streamed answer whose first token is there. It must be delivered: what isn't is read to its
/// end and settled all the same.
package final class LiveStream: Sendable {
    package let contentType: String
    package let facts: CompletionReply.Facts
    /// As in `CompletionReply`.
    package let rate: CallStanding?
    private let delivery: Mutex<StreamDelivery?>

    init(
        _ pipeline: CompletionPipeline, _ attempt: Attempt, _ run: CompletionRun,
        _ reader: StreamReader, _ steps: [StreamStep], _ options: StreamOptions
    ) {
        let delivery = StreamDelivery(pipeline, attempt, run, reader, steps, options)
        contentType = delivery.contentType
        facts = CompletionReply.Facts(
            cost: nil, attempts: attempt.row.attemptNumber, provider: attempt.row.provider,
            model: attempt.row.upstreamModel)
        rate = run.call.rate
        self.delivery = Mutex(delivery)
    }

    /// Hands over the delivery, once: whoever has it asks for `next` up to the end, or abandons it.
    package func begin() -> StreamDelivery? {
        delivery.withLock { delivery in
            defer { delivery = nil }
            return delivery
        }
    }

    deinit {
        guard var delivery = begin() else { return }
        // Unstructured: the client left before a byte could be written, and nobody waits for it.
        Task { await delivery.abandon() }
    }
}
