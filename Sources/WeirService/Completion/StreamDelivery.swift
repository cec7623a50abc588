import Logging
import WeirCore

/// `deliver` for a stream: relay as it comes, settle, then complete.
package struct StreamDelivery: Sendable {
    private let call: StreamedCall
    private var reader: StreamReader
    /// Read already, to be written first.
    private var steps: [StreamStep]?
    private var form: StreamForm
    /// What was written, for a replay or the cache; nil where nobody wants it or it grew too long.
    private var kept: [UInt8]?
    private var refusal: WeirError?
    private var hasLeft = false
    private var isSettled = false

    /// A longer stream can't be given again.
    private static let keptLimit = 1 << 20

    init(
        _ pipeline: CompletionPipeline, _ attempt: Attempt, _ run: CompletionRun,
        _ reader: StreamReader, _ steps: [StreamStep], _ options: StreamOptions
    ) {
        call = StreamedCall(pipeline: pipeline, attempt: attempt, run: run)
        self.reader = reader
        self.steps = steps
        let context = ReplyContext(
            request: run.call.request, model: run.call.model, createdAt: attempt.row.createdAt,
            asked: run.call.asked)
        form = StreamForm(
            encoder: run.call.dialect.stream(context, options),
            isPassed: attempt.prepared.form != .translated,
            policy: pipeline.parts.screening.stream(of: run.call.feature))
        let isKept = attempt.claim != nil || pipeline.parts.cache.keeps(run.call)
        kept = isKept ? [] : nil
        attempt.pass.recordFirstToken(at: pipeline.parts.time.now())
    }

    private var pipeline: CompletionPipeline { call.pipeline }
    private var attempt: Attempt { call.attempt }

    var contentType: String { form.encoder.contentType }

    /// What is to be written next; nil where everything was. The last piece comes when the row is
    /// durable.
    package mutating func next() async -> [UInt8]? {
        while !isSettled {
            guard let bytes = await relay() else { return await finish() }
            if !bytes.isEmpty { return bytes }
        }
        return nil
    }

    /// The client has left: the rest is read, within bounds, and paid.
    package mutating func abandon() async {
        hasLeft = true
        await drain()
        if !isSettled { _ = await finish() }
    }

    /// - Returns: The bytes of the next steps; nil at the end of the provider's stream.
    private mutating func relay() async -> [UInt8]? {
        guard let steps = if let steps { steps } else { await reader.next() } else { return nil }
        self.steps = nil
        do {
            let bytes = try form.write(steps)
            keep(bytes)
            return bytes
        } catch {
            // The feature's policy refuses the answer: the rest is read and paid.
            refusal = error
            await drain()
            return nil
        }
    }

    /// Reads on without a client; what takes too long is given up.
    private mutating func drain() async {
        let body = reader.body
        let limit = pipeline.parts.streams.drain
        // Unstructured: it ends with this function, which cancels it.
        let alarm = Task {
            do {
                try await Task.sleep(for: limit)
            } catch {
                return
            }
            body.cancel()
        }
        while !isSettled {
            if refusal != nil {
                guard await reader.next() != nil else { break }
            } else {
                guard await relay() != nil else { break }
            }
        }
        alarm.cancel()
    }

    private mutating func keep(_ bytes: [UInt8]) {
        guard let count = kept?.count else { return }
        if count + bytes.count > StreamDelivery.keptLimit {
            kept = nil
        } else {
            kept?.append(contentsOf: bytes)
        }
    }

    private mutating func finish() async -> [UInt8] {
        isSettled = true
        let isWhole = reader.meter.hasEnded && reader.defect == nil
        await pipeline.release(
            attempt.pass, isWhole ? .answered : hasLeft ? .abandoned : .cut)
        var run = call.run
        let charge = run.charge(reader.meter.end, of: attempt)
        if !isWhole { log() }
        do {
            return try await settle(charge, isWhole, run)
        } catch {
            return form.encoder.fail(error)
        }
    }

    /// - Returns: What ends the answer, whole or not.
    private mutating func settle(
        _ charge: Charge, _ isWhole: Bool, _ run: CompletionRun
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
            pipeline.parts.cache.keep(reply, for: call.run.call, at: pipeline.parts.time.now())
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
        return .complete(claim, StoredReply(error, request: call.run.call.request))
    }

    private func log() {
        let reason = refusal?.message ?? reader.defect?.reason ?? "given up"
        pipeline.log("stream cut", attempt, reason)
    }
}

/// What a stream is the answer to: known when it begins, needed when it ends. In one place of its
/// own, because it is large and a delivery is handed on, from task to task and frame to frame.
private final class StreamedCall: Sendable {
    let pipeline: CompletionPipeline
    let attempt: Attempt
    let run: CompletionRun

    init(pipeline: CompletionPipeline, attempt: Attempt, run: CompletionRun) {
        self.pipeline = pipeline
        self.attempt = attempt
        self.run = run
    }
}
