package import WeirCore
package import WeirService

extension InMemoryJobStore {
    package func job(_ id: JobID) async throws(StoreError) -> Job? { entry(of: id)?.entry.job }

    package func record(of id: JobID) async throws(StoreError) -> JobRecord? {
        entry(of: id).map { $0.entry.record($0.sequence) }
    }

    package func request(of id: JobID) async throws(StoreError) -> [UInt8]? {
        entry(of: id)?.entry.request.encoded
    }

    package func result(of id: JobID) async throws(StoreError) -> [UInt8]? {
        entry(of: id)?.entry.result
    }

    package func answers(of id: JobID) async throws(StoreError) -> [JobCallAnswer] {
        entry(of: id)?.entry.answers ?? []
    }

    package func history(of id: JobID) async throws(StoreError) -> [JobAttempt] {
        entry(of: id)?.entry.attempts ?? []
    }

    package func jobs(
        tenant: TenantID?, status: Job.Status?, queue: QueueName?, below cursor: Int64?,
        limit: Int
    ) async throws(StoreError) -> [JobRecord] {
        read { entries in
            let found = entries.filter { sequence, entry in
                sequence < cursor ?? .max && (tenant == nil || entry.job.tenant == tenant)
                    && (status == nil || entry.job.status == status)
                    && (queue == nil || entry.job.queue == queue)
            }
            return found.sorted { $0.key > $1.key }.prefix(max(limit, 0)).map {
                $0.value.record($0.key)
            }
        }
    }

    package func typicalDuration(
        queue: QueueName, feature: FeatureSlug
    ) async throws(StoreError) -> Duration? {
        read { entries in
            let ended = entries.values.compactMap { entry -> (Int64, Int64)? in
                guard entry.job.queue == queue, entry.request.feature == feature,
                    case .complete(let at) = entry.job.state, let last = entry.attempts.last
                else { return nil }
                return (
                    at.milliseconds, max(at.milliseconds - last.claimedAt.milliseconds, 0)
                )
            }
            let durations = ended.sorted { $0.0 > $1.0 }.prefix(32).map(\.1).sorted()
            return durations.isEmpty ? nil : .milliseconds(durations[durations.count / 2])
        }
    }

    package func outlook(of queues: [QueueName]) async throws(StoreError) -> JobOutlook {
        read { entries in
            var outlook = JobOutlook()
            for job in entries.values.map(\.job) {
                switch job.state {
                case .queued(let dueAt, _):
                    outlook.deadline = min(outlook.deadline ?? job.deadline, job.deadline)
                    guard queues.contains(job.queue) else { continue }
                    outlook.due[job.queue] = min(outlook.due[job.queue] ?? dueAt, dueAt)
                case .processing(let until):
                    guard queues.contains(job.queue) else { continue }
                    outlook.leases[job.queue] = min(outlook.leases[job.queue] ?? until, until)
                case .complete, .failed, .cancelled: continue
                }
            }
            return outlook
        }
    }

    package func figures() async throws(StoreError) -> [QueueFigures] {
        read { entries in
            let queues = Dictionary(grouping: entries.values.map(\.job), by: \.queue)
            return queues.sorted { $0.key.description < $1.key.description }.map { queue, jobs in
                let waiting = jobs.compactMap { job -> (Timestamp, Timestamp)? in
                    guard case .queued(let dueAt, _) = job.state else { return nil }
                    return (dueAt, job.acceptedAt)
                }
                let first = waiting.min { $0.0 < $1.0 }
                return QueueFigures(
                    queue: queue, waiting: waiting.count,
                    processing: jobs.count { $0.status == .processing },
                    dueSince: first?.0, oldestAcceptedAt: first?.1)
            }
        }
    }
}

extension InMemoryJobStore.Entry {
    func record(_ sequence: Int64) -> JobRecord {
        let total = request.calls.count
        return JobRecord(
            sequence: sequence, job: job, feature: request.feature, changedAt: changedAt,
            claimedAt: attempts.last?.claimedAt,
            progress: JobProgress(
                done: job.status == .complete ? total : answers.count, total: total),
            isReport: request.report != nil)
    }
}
