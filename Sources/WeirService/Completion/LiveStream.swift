import Synchronization
import WeirCore

/// A streamed answer whose first token is there. It must be delivered: what isn't is read to its
/// end and settled all the same.
package final class LiveStream: Sendable {
    package let contentType: String
    package let facts: CompletionReply.Facts
    private let delivery: Mutex<StreamDelivery?>

    init(
        _ pipeline: CompletionPipeline, _ attempt: Attempt, _ run: CompletionRun,
        _ reader: StreamReader, _ steps: [StreamStep], _ options: StreamOptions,
        _ slot: CallSlot
    ) {
        let delivery = StreamDelivery(pipeline, attempt, run, reader, steps, options, slot)
        contentType = delivery.contentType
        facts = CompletionReply.Facts(
            cost: nil, attempts: attempt.row.attemptNumber, provider: attempt.row.provider,
            model: attempt.row.upstreamModel)
        self.delivery = Mutex(delivery)
    }

    /// Writes the answer as it comes; returns when it is settled and written. A `write` that throws
    /// means that the client has left: the rest is read, within bounds, and paid.
    package func deliver(to write: @escaping StreamWriter) async {
        guard var delivery = take() else { return }
        await delivery.run(write)
    }

    deinit {
        guard var delivery = take() else { return }
        // Unstructured: the client left before a byte could be written, and nobody waits for it.
        Task { await delivery.run(nil) }
    }

    private func take() -> StreamDelivery? {
        delivery.withLock { delivery in
            defer { delivery = nil }
            return delivery
        }
    }
}

/// Hands bytes to the client; returns when they were taken, throws when there is no client.
package typealias StreamWriter = @Sendable ([UInt8]) async throws -> Void
