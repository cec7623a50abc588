import Logging
import WeirCore

/// `deliver` for a stream: relay as it comes, settle, then complete.
struct StreamDelivery: Sendable {
    private let pipeline: CompletionPipeline
    private let attempt: Attempt
    private let slot: CallSlot
    private var run: CompletionRun
    private var reader: StreamReader
    private var steps: [StreamStep]
    private var form: StreamForm
    /// What was written, for a replay or the cache; nil where nobody wants it or it grew too long.
    private var kept: [UInt8]?
    private var refusal: WeirError?

    /// A longer stream can't be given again.
    private static let keptLimit = 1 << 20

    init(
        _ pipeline: CompletionPipeline, _ attempt: Attempt, _ run: CompletionRun,
        _ reader: StreamReader, _ steps: [StreamStep], _ options: StreamOptions,
        _ slot: CallSlot
    ) {
        self.pipeline = pipeline
        self.attempt = attempt
        self.run = run
        self.reader = reader
        self.steps = steps
        self.slot = slot
        let context = ReplyContext(
            request: run.call.request, model: run.call.model, createdAt: attempt.row.createdAt)
        form = StreamForm(
            encoder: run.call.dialect.stream(context, options),
            isPassed: attempt.prepared.form != .translated,
            policy: pipeline.parts.screening.stream(of: run.call.feature))
        let isKept = attempt.claim != nil || pipeline.parts.cache.keeps(run.call)
        kept = isKept ? [] : nil
    }

    var contentType: String { form.encoder.contentType }

    /// Reads to the end, also without a client; then settles, and only then completes.
    mutating func run(_ client: StreamWriter?) async {
        attempt.pass.record(.answered, at: pipeline.parts.time.now())
        var client = client
        var drain = client == nil ? startDrain() : nil
        var more: [StreamStep]? = steps
        while let steps = more {
            do {
                let bytes = try form.write(steps)
                keep(bytes)
                if let write = client, !bytes.isEmpty { try await write(bytes) }
            } catch let error as WeirError {
                refusal = error
                break
            } catch {
                client = nil
                drain = startDrain()
            }
            more = await reader.next()
        }
        if refusal != nil { await drainRest() }
        await finish(client)
        drain?.cancel()
        withExtendedLifetime(slot) {}
    }

    private func startDrain() -> Task<Void, Never> {
        let body = reader.body
        let limit = pipeline.parts.streams.drain
        // Unstructured: it ends with the delivery, which cancels it.
        return Task {
            do {
                try await Task.sleep(for: limit)
            } catch {
                return
            }
            body.cancel()
        }
    }

    /// The feature's policy has refused the answer: the client is told, the rest is read and paid.
    private mutating func drainRest() async {
        let drain = startDrain()
        while await reader.next() != nil {}
        drain.cancel()
    }

    private mutating func keep(_ bytes: [UInt8]) {
        guard let count = kept?.count else { return }
        if count + bytes.count > StreamDelivery.keptLimit {
            kept = nil
        } else {
            kept?.append(contentsOf: bytes)
        }
    }

    private mutating func finish(_ client: StreamWriter?) async {
        let isWhole = reader.meter.hasEnded && reader.defect == nil
        let wasLeft = client == nil && !isWhole
        await pipeline.release(
            attempt.pass, isWhole ? .answered : wasLeft ? .abandoned : .cut)
        let charge = run.charge(reader.meter.end, of: attempt)
        var last: [UInt8]
        do {
            if !isWhole { log() }
            last = try await settle(charge, isWhole)
        } catch {
            last = form.encoder.fail(error)
        }
        guard let client, !last.isEmpty else { return }
        do {
            try await client(last)
        } catch {
            // It left at the very end: everything is settled.
        }
    }

    /// - Returns: What ends the answer, whole or not.
    private mutating func settle(
        _ charge: Charge, _ isWhole: Bool
    ) async throws(WeirError) -> [UInt8] {
        let digest = reader.textDigest
        var error = refusal ?? (isWhole ? nil : reader.defect?.error)
        if !isWhole, error == nil { error = StreamDefect(endedEarly: ()).error }
        var last: [UInt8] = []
        if error == nil {
            let end = StreamEnd(
                finish: reader.meter.finish ?? .other,
                stopSequence: reader.meter.stopSequence, usage: charge.usage, cost: charge.cost)
            do {
                last = try await form.complete(end, attempt, pipeline.parts)
            } catch let refusal {
                error = refusal
            }
        }
        if let error {
            let resolution = attempt.claim.map { pipeline.failed($0, run, error) }
            try await pipeline.settle(attempt, charge, digest, resolution)
            return form.encoder.fail(error)
        }
        keep(last)
        try await pipeline.settle(attempt, charge, digest, attempt.claim.map(resolution))
        if let kept {
            let reply = StoredReply(status: 200, body: kept, contentType: contentType)
            pipeline.parts.cache.keep(reply, for: run.call, at: pipeline.parts.time.now())
        }
        return last
    }

    private func resolution(_ claim: IdempotencyClaim) -> ClaimResolution {
        if let kept {
            return .complete(
                claim, StoredReply(status: 200, body: kept, contentType: contentType))
        }
        let error = WeirError(
            .conflict, "This call was answered by a stream that was too long to be kept")
        return .complete(claim, StoredReply(error, request: run.call.request))
    }

    private func log() {
        let reason = refusal?.message ?? reader.defect?.reason ?? "given up"
        pipeline.log("stream cut", attempt, reason)
    }
}
