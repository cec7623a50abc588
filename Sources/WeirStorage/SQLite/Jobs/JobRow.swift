import WeirCore
import WeirService

/// A job as its row has it.
struct JobRow {
    let sequence: Int64
    var job: Job
    /// Whether it is among those that its tenant's turn is for.
    var isReady: Bool
    var claimedAt: Timestamp?
    let isReport: Bool

    static let columns = """
        seq, job_id, tenant_id, user_id, queue, priority, accepted_at, deadline,
        waits_for_budget, status, moment, waits_for, error, message, attempts, epoch, is_ready,
        claimed_at, is_report
        """
    /// Where a query's own columns begin, behind those.
    static let columnCount: Int32 = 19

    init(_ row: borrowing Row) throws(SQLiteError) {
        sequence = row.int64(0)
        isReady = row.bool(16)
        claimedAt = row.optionalInt64(17).map(Timestamp.init(milliseconds:))
        isReport = row.bool(18)
        guard let id = JobID(row.text(1)), let tenant = TenantID(row.int64(2)),
            let user = UserID(row.int64(3)), let queue = QueueName(row.text(4)),
            let state = Job.State(row)
        else { throw .corrupt("job \(row.int64(0)) can't be read") }
        let accepted = Job(
            id: id, tenant: tenant, user: user, queue: queue,
            priority: Int(clamping: row.int64(5)),
            acceptedAt: Timestamp(milliseconds: row.int64(6)),
            deadline: Timestamp(milliseconds: row.int64(7)), waitsForBudget: row.bool(8))
        job = Job(
            accepted, state: state, attempts: Int(clamping: row.int64(14)), epoch: row.int64(15))
    }
}

extension JobRecord {
    static let columns = "\(JobRow.columns), feature, calls, answered, changed_at"

    init(_ row: borrowing Row) throws(SQLiteError) {
        let own = JobRow.columnCount
        let found = try JobRow(row)
        guard let feature = FeatureSlug(row.text(own)) else {
            throw .corrupt("job \(found.sequence) has no feature")
        }
        let total = Int(clamping: row.int64(own + 1))
        let done = found.job.status == .complete ? total : Int(clamping: row.int64(own + 2))
        self.init(
            sequence: found.sequence, job: found.job, feature: feature,
            changedAt: Timestamp(milliseconds: row.int64(own + 3)), claimedAt: found.claimedAt,
            progress: JobProgress(done: done, total: total), isReport: found.isReport)
    }
}

extension Job.State {
    fileprivate init?(_ row: borrowing Row) {
        let moment = Timestamp(milliseconds: row.int64(10))
        switch Job.Status(rawValue: row.text(9)) {
        case .queued:
            guard let wait = Job.Wait(rawValue: row.text(11)) else { return nil }
            self = .queued(dueAt: moment, because: wait)
        case .processing: self = .processing(until: moment)
        case .complete: self = .complete(at: moment)
        case .failed:
            guard let code = WeirError.Code(rawValue: row.text(12)) else { return nil }
            self = .failed(JobFailure(code: code, message: row.text(13)), at: moment)
        case .cancelled: self = .cancelled(at: moment)
        case nil: return nil
        }
    }
}

extension Statement {
    /// Status, moment, what it waits for, error and message, attempts, epoch, ready.
    func bind(stateOf job: Job, isReady: Bool) {
        bind(job.status.rawValue)
        switch job.state {
        case .queued(let at, let wait): bind(at, wait.rawValue)
        case .processing(let at), .complete(let at), .cancelled(let at): bind(at, nil)
        case .failed(let failure, let at): bind(at, nil, failure)
        }
        bind(Int64(job.attempts))
        bind(job.epoch)
        bind(isReady)
    }

    private func bind(_ moment: Timestamp, _ wait: String?, _ failure: JobFailure? = nil) {
        bind(moment.milliseconds)
        bind(wait)
        bind(failure?.code.rawValue)
        bind(failure?.message)
    }
}
