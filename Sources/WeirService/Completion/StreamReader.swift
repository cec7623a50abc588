import Crypto
import WeirCore

/// Reads one streamed reply: bytes into steps, steps into the meter.
struct StreamReader: Sendable {
    private(set) var meter = StreamMeter()
    /// Why it ended before its time; nil as long as it goes on, and where it was whole.
    private(set) var defect: StreamDefect?
    private var textHash = SHA256()
    private var decoder: any ReplyStreamDecoder
    private var isDone = false
    let body: any UpstreamBody

    init(_ attempt: Attempt, _ body: any UpstreamBody, _ options: StreamOptions) {
        let wire: Wire
        if case .passed(let passed) = attempt.prepared.form {
            wire = passed
        } else {
            wire = attempt.provider.dialect.wires[0]
        }
        decoder = attempt.provider.dialect.replyStream(
            wire: wire, includesUsage: options.includesUsage)
        self.body = body
    }

    /// SHA-256 of the text so far.
    var textDigest: [UInt8] { Array(textHash.finalize()) }

    /// The next steps; nil at the end.
    mutating func next() async -> [StreamStep]? {
        while !isDone {
            let steps: [StreamStep]
            let chunk = await body.next()
            do {
                switch chunk {
                case .bytes(let bytes): steps = try decoder.feed(bytes)
                case .end:
                    isDone = true
                    steps = try decoder.finish()
                case .lost(let loss):
                    end(StreamDefect(loss))
                    return nil
                }
            } catch {
                if case .bytes(let bytes) = chunk { meter.addUnread(bytes.count) }
                meter.addUnread(error.unread)
                end(StreamDefect(error))
                body.cancel()
                return nil
            }
            take(steps)
            if !steps.isEmpty { return steps }
        }
        return nil
    }

    private mutating func take(_ steps: [StreamStep]) {
        var hasToken = false
        for step in steps {
            meter.add(step.events)
            for event in step.events {
                hasToken = hasToken || event.isToken
                if case .text(let text) = event { textHash.update(data: Array(text.utf8)) }
            }
        }
        if hasToken { body.noteToken() }
        if let failure = meter.failure {
            end(StreamDefect(failure))
            body.cancel()
        } else if meter.hasEnded {
            if !isDone { body.discard() }
            isDone = true
        } else if isDone {
            defect = StreamDefect(endedEarly: ())
        }
    }

    private mutating func end(_ defect: StreamDefect) {
        self.defect = defect
        isDone = true
    }
}

/// Why a stream brought no whole answer.
struct StreamDefect: Sendable {
    /// For the log.
    let reason: String
    let error: WeirError
    let ending: AttemptEnding

    init(_ loss: UpstreamOutcome.Loss) {
        reason = "\(loss)"
        error = WeirError(loss)
        ending = .lost
    }

    init(_ defect: ReplyDefect) {
        reason = defect.reason
        error = .unreadable
        ending = .defective
    }

    init(_ failure: ProviderFailure) {
        reason = failure.message
        error = WeirError(failure, retryAfter: failure.retryAfter)
        ending = .refused(failure.kind, retryAfter: failure.retryAfter)
    }

    init(endedEarly: Void) {
        reason = "the stream ended before its end mark"
        error = WeirError(.providerError, "The AI provider's answer broke off")
        ending = .defective
    }

    /// As the end of an attempt of which nothing has gone to the client.
    func end(of meter: StreamMeter) -> AttemptEnd {
        AttemptEnd(charge: meter.end, answer: .failure(error), ending: ending)
    }
}
