extension Job {
    /// The state's name, as callers read it.
    package enum Status: String, Sendable, CaseIterable {
        case queued, processing, complete, failed, cancelled
    }

    package var status: Status {
        switch state {
        case .queued: .queued
        case .processing: .processing
        case .complete: .complete
        case .failed: .failed
        case .cancelled: .cancelled
        }
    }

    /// Whether a claim at this moment can take it.
    package func isDue(at now: Timestamp) -> Bool {
        guard case .queued(let dueAt, _) = state else { return false }
        return dueAt <= now
    }
}

extension JobStep {
    /// When it happens.
    package var moment: Timestamp {
        switch self {
        case .claim(let at, _), .beat(_, let at, _), .complete(_, let at),
            .fail(_, _, let at, _, _), .handBack(_, let at), .takeBack(let at, _, _),
            .expire(let at), .cancel(let at), .wake(_, let at), .replay(let at, _):
            at
        }
    }
}
