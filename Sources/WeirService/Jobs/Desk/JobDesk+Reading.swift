package import WeirCore

extension JobDesk {
    package static let pageLimit = 500

    /// A job as it stands, with what is left of it by the experience with others.
    package struct Standing: Sendable, Equatable {
        package let record: JobRecord
        /// Nil where nothing is known of jobs like it, and where it has ended.
        package let remaining: Duration?
    }

    package struct Page: Sendable, Equatable {
        package let jobs: [JobRecord]
        /// Where the next page begins; nil on the last one.
        package let next: Int64?
    }

    /// Which jobs a list has; nil stands for all.
    package struct Selection: Sendable, Equatable {
        /// Nil: the caller's only one, or every tenant's where the caller reaches them all.
        package var tenant: TenantID?
        package var status: Job.Status?
        package var queue: QueueName?

        package init(
            tenant: TenantID? = nil, status: Job.Status? = nil, queue: QueueName? = nil
        ) {
            self.tenant = tenant
            self.status = status
            self.queue = queue
        }
    }

    package func standing(
        of id: JobID, for caller: Caller
    ) async throws(WeirError) -> Standing {
        let record = try await find(id, for: caller)
        guard record.job.endedAt == nil else { return Standing(record: record, remaining: nil) }
        do {
            let typical = try await store.typicalDuration(
                queue: record.job.queue, feature: record.feature)
            return Standing(
                record: record, remaining: record.remaining(typical: typical, at: time.now()))
        } catch {
            throw WeirError(error)
        }
    }

    /// Jobs, newest first.
    package func page(
        of selection: Selection, below cursor: Int64?, limit: Int, for caller: Caller
    ) async throws(WeirError) -> Page {
        let tenant = selection.tenant ?? caller.onlyTenant
        if let tenant {
            try caller.require(tenant)
        } else if caller.reach != .all {
            throw WeirError(.invalidRequest, "tenant_id is missing", param: "tenant_id")
        }
        let limit = min(max(limit, 1), JobDesk.pageLimit)
        let found: [JobRecord]
        do {
            found = try await store.jobs(
                tenant: tenant, status: selection.status, queue: selection.queue, below: cursor,
                limit: limit + 1)
        } catch {
            throw WeirError(error)
        }
        let jobs = Array(found.prefix(limit))
        return Page(jobs: jobs, next: found.count > limit ? jobs.last?.sequence : nil)
    }

    /// What a complete job has left. One that isn't complete is a `conflict`, which says how it
    /// stands, and why where it failed.
    package func result(of id: JobID, for caller: Caller) async throws(WeirError) -> [UInt8] {
        let record = try await find(id, for: caller)
        switch record.job.state {
        case .complete: break
        case .failed(let failure, _):
            throw WeirError(
                .conflict, "There is no result: the job failed",
                details: [
                    .init(name: "status", value: .string(record.job.status.rawValue)),
                    .init(
                        name: "failure",
                        value: [
                            "error": .string(failure.code.rawValue),
                            "message": .string(failure.message),
                        ]),
                ])
        case .queued, .processing, .cancelled:
            let status = record.job.status.rawValue
            throw WeirError(
                .conflict, "There is no result: the job is \(status)",
                details: [.init(name: "status", value: .string(status))])
        }
        let result: [UInt8]?
        do {
            result = try await store.result(of: id)
        } catch {
            throw WeirError(error)
        }
        guard let result else { throw JobDesk.unknown }
        return result
    }

    /// The job, where the caller reaches its tenant; else as if there were none.
    func find(_ id: JobID, for caller: Caller) async throws(WeirError) -> JobRecord {
        let record: JobRecord?
        do {
            record = try await store.record(of: id)
        } catch {
            throw WeirError(error)
        }
        guard let record, caller.reach.includes(record.job.tenant) else { throw JobDesk.unknown }
        return record
    }

    /// The same for a job that isn't there, and for one that isn't the caller's to know of.
    package static var unknown: WeirError { WeirError(.notFound, "There is no such job") }
}

extension JobRecord {
    /// Until it ends, by how long others took; by its own pace where it has answers already.
    func remaining(typical: Duration?, at now: Timestamp) -> Duration? {
        switch job.state {
        case .queued(let dueAt, _):
            guard let typical else { return nil }
            return typical + .milliseconds(max(0, dueAt.milliseconds(since: now)))
        case .processing:
            guard let claimedAt else { return nil }
            let elapsed = Duration.milliseconds(max(0, now.milliseconds(since: claimedAt)))
            if progress.done > 0, progress.done < progress.total {
                return elapsed / progress.done * (progress.total - progress.done)
            }
            return typical.map { max(.zero, $0 - elapsed) }
        case .complete, .failed, .cancelled: return nil
        }
    }
}
