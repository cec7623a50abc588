import WeirCore

/// What an answer means for the job whose call it was.
enum JobVerdict: Sendable, Equatable {
    /// The envelope.
    case answer([UInt8])
    /// No answer, and what the client of a live call would have read.
    case failure(JobEnding, body: [UInt8])
}

extension JobVerdict {
    init(_ answer: JobAnswer) {
        switch answer {
        case .answered(200..<300, _, _, _, let body): self = .answer(body)
        case .answered(let status, let retryAfter, let wasHeldBack, let reset, let body):
            let failure = JobFailure(body) ?? JobFailure(status: status)
            self = .failure(
                JobEnding(
                    failure, retryAfter: retryAfter, wasHeldBack: wasHeldBack,
                    budgetReset: reset),
                body: failure.body)
        case .notSent:
            self = JobVerdict(
                .serviceUnavailable, "the AI service can't be reached", wasHeldBack: true)
        case .lost:
            self = JobVerdict(.serviceUnavailable, "the AI service was lost during the call")
        }
    }

    /// An answer that isn't what its report needs is none. It was billed all the same.
    func held(to form: ReportForm?) -> JobVerdict {
        guard case .answer(let body) = self, let form else { return self }
        do {
            try form.check(body)
            return self
        } catch {
            return JobVerdict(error.code, error.message)
        }
    }

    /// An error that was kept as a call's answer.
    init(error body: [UInt8]) {
        let failure = JobFailure(body) ?? JobFailure(status: 500)
        self = .failure(JobEnding(failure), body: body)
    }

    /// What the answers to all calls of a job come to. Where each is an error, so is this.
    init(of answers: [JobCallAnswer]) {
        if let first = answers.first, answers.allSatisfy(\.isError) {
            self.init(error: first.body)
        } else if let result = JobResult(answers) {
            self = .answer(result.body)
        } else {
            self.init(.payloadTooLarge, "the answers are longer than a result may be")
        }
    }

    /// What came of a call that wasn't made over HTTP.
    init(_ reply: Result<[UInt8], WeirError>, wasHeldBack: Bool) {
        switch reply {
        case .success(let body): self = .answer(body)
        case .failure(let error):
            let failure = JobFailure(code: error.code, message: error.message)
            self = .failure(
                JobEnding(
                    failure, retryAfter: error.retryAfter, wasHeldBack: wasHeldBack,
                    budgetReset: error.budgetReset),
                body: failure.body)
        }
    }

    /// The attempt's time is up; its call runs on, and is billed.
    static let timeout = JobVerdict(
        .providerTimeout, "the call took longer than an attempt of this queue may")

    init(_ code: WeirError.Code, _ message: String, wasHeldBack: Bool = false) {
        let failure = JobFailure(code: code, message: message)
        self = .failure(JobEnding(failure, wasHeldBack: wasHeldBack), body: failure.body)
    }
}

extension Job {
    /// Whether one of its calls that ended so is made no more: the error is its answer.
    func keeps(_ ending: JobEnding, _ rules: QueueRules) -> Bool {
        let code = ending.failure.code
        if code == .budgetExceeded, waitsForBudget { return false }
        return !code.isWorthAnotherAttempt
            || !ending.wasHeldBack && attempts >= rules.attempts
    }
}

extension JobEnding {
    /// Whether a call was made, so that an attempt is used up.
    var usesAttempt: Bool { !wasHeldBack && failure.code != .budgetExceeded }
}

extension JobFailure {
    /// Reads an error in Weir's own form.
    fileprivate init?(_ body: [UInt8]) {
        // What is no such error is told by its status.
        guard let json = try? JSONParser.parse(body, .init()),
            let code = json["error"]?.string.flatMap(WeirError.Code.init(rawValue:))
        else { return nil }
        self.init(code: code, message: json["message"]?.string ?? "")
    }

    fileprivate init(status: Int) {
        self.init(
            code: status < 500 ? .invalidRequest : .providerError,
            message: "the AI service answered with status \(status)")
    }

    /// As it stands among the answers of a job.
    fileprivate var body: [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("error", code.rawValue)
        writer.member("message", message)
        writer.endObject()
        return writer.bytes
    }
}
