import WeirCore

/// One claim of a job, for as long as there are calls of it whose end isn't known.
struct BatchClaim: Sendable {
    let job: Job
    /// All calls of the job, with those that earlier claims have made.
    let calls: Int
    /// What answers have to be; nil where any will do.
    let report: ReportForm?
    /// Numbers of the calls that this claim makes, until they end.
    private(set) var left: Set<Int>
    /// Why a call has to be made again by a later claim; nil where none has to.
    private(set) var failure: JobEnding?

    init(_ job: Job, of request: JobRequest, left: Set<Int>) {
        self.job = job
        calls = request.calls.count
        report = request.report
        self.left = left
    }

    /// - Parameter failure: where the call is to be made again. Of several, one that was made says
    ///   more than one that was held back.
    mutating func end(_ number: Int, _ failure: JobEnding?) {
        left.remove(number)
        guard let failure else { return }
        if let known = self.failure, known.usesAttempt || !failure.usesAttempt { return }
        self.failure = failure
    }
}
