package import WeirCore

/// Where reports are ordered and fetched. A report is a job whose calls a template has made: it
/// lives, is paid and is forgotten like any other.
package struct ReportDesk: Sendable {
    private let templates: Adjustable<FeatureTemplates>
    private let jobs: JobDesk

    package init(templates: FeatureTemplates, jobs: JobDesk) {
        self.templates = Adjustable(templates)
        self.jobs = jobs
    }

    /// Other templates, for the reports that are asked for from now on.
    package func replace(_ templates: FeatureTemplates) { self.templates.replace(templates) }

    /// Accepts a report: its job is durable when this returns. The prompts are made now, so that
    /// what the template can't work with is refused now; they are screened when they are sent.
    ///
    /// - Parameters:
    ///   - order: without calls; its feature's template makes them.
    ///   - parameters: an object, whose members are for the template to read.
    package func generate(
        _ order: JobOrder, of parameters: JSON, by caller: Caller,
        idempotency: IdempotencyKey? = nil
    ) async throws(WeirError) -> AcceptedJob {
        try caller.require(order.tenant)
        let feature = order.request.feature
        let draft = try templates.current.draft(feature, parameters)
        var order = order
        order.request = JobRequest(
            caller: caller, feature: feature, calls: draft.prompts.map { order.call($0, draft) },
            webhook: order.request.webhook, report: draft.form,
            allowsBatch: order.request.allowsBatch)
        // What goes through batches has a queue of its own.
        if !order.request.allowsBatch { order.queue = order.queue ?? draft.template.queue }
        return try await jobs.accept(order, by: caller, idempotency: idempotency)
    }

    package func standing(
        of id: JobID, for caller: Caller
    ) async throws(WeirError) -> JobDesk.Standing {
        _ = try await find(id, for: caller)
        return try await jobs.standing(of: id, for: caller)
    }

    /// A complete report; a `conflict` while it isn't.
    package func document(
        of id: JobID, for caller: Caller
    ) async throws(WeirError) -> ReportDocument {
        let record = try await find(id, for: caller)
        let result = try await jobs.result(of: id, for: caller)
        let request: JobRequest?
        do {
            request = try await jobs.store.request(of: id).flatMap { JobRequest($0) }
        } catch {
            throw WeirError(error)
        }
        // Forgotten since it was found.
        guard let form = request?.report else { throw ReportDesk.unknown }
        return try ReportDocument(record, form: form, result: result)
    }

    /// A job that is no report is unknown here, like one that isn't the caller's to know of.
    private func find(_ id: JobID, for caller: Caller) async throws(WeirError) -> JobRecord {
        let record: JobRecord
        do throws(WeirError) {
            record = try await jobs.find(id, for: caller)
        } catch {
            throw error.code == .notFound ? ReportDesk.unknown : error
        }
        guard record.isReport else { throw ReportDesk.unknown }
        return record
    }

    package static var unknown: WeirError { WeirError(.notFound, "There is no such report") }
}

extension JobOrder {
    /// A body of `POST /ai/complete`.
    fileprivate func call(
        _ prompt: FeatureTemplates.Prompt, _ draft: FeatureTemplates.Draft
    ) -> JSON {
        var call = JSONObject([
            .init(name: "tenant_id", value: JSON(tenant.number)),
            .init(name: "user_id", value: JSON(user.number)),
            .init(name: "feature_slug", value: .string(request.feature.description)),
            .init(name: "model", value: .string(draft.model.description)),
        ])
        if let system = prompt.system { call.append("system_prompt", .string(system)) }
        call.append("user_message", .string(prompt.user))
        if let most = draft.template.maxTokens { call.append("max_tokens", JSON(most)) }
        return .object(call)
    }
}
