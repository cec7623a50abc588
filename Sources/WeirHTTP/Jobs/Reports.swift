import HTTPTypes
import WeirCore
import WeirService

extension Routes {
    private func reports() throws(WeirError) -> ReportDesk {
        guard let reports = use.reports else {
            throw WeirError(.notFound, "No reports are kept in this process")
        }
        return reports
    }

    /// `POST /reports/generate`: answered once the report's job is durable.
    func generateReport(_ call: Call) async throws(WeirError) -> Answer {
        let fields = try BodyFields(call.body, allowing: Routes.reportNames)
        let named = try fields.integer("tenant_id", in: 1...Int64.max).flatMap(TenantID.init)
        guard let tenant = named ?? call.caller.onlyTenant else {
            throw fields.error("tenant_id", "is missing")
        }
        try call.caller.require(tenant)
        let feature = try fields.slug("feature_slug", limit: 64) ?? .reportGeneration
        var order = JobOrder(
            tenant: tenant,
            user: try fields.integer("user_id", in: 0...Int64.max).flatMap(UserID.init) ?? .none,
            request: JobRequest(
                caller: call.caller, feature: feature, calls: [],
                webhook: try fields.text("webhook_url"),
                allowsBatch: try JobOrder.allowsBatch(fields)))
        try order.read(fields, at: try jobs().time.now())
        return accepted(
            try await reports().generate(
                order, of: try fields.required("params", fields["params"]), by: call.caller,
                idempotency: try idempotencyKey(call, tenant)),
            at: "/reports/", "/status")
    }

    private static let reportNames =
        ["tenant_id", "user_id", "feature_slug", "params"] + JobOrder.names

    /// `GET /reports/{id}/status`
    func reportStatus(_ call: Call) async throws(WeirError) -> Answer {
        let standing = try await reports().standing(of: try reportID(call), for: call.caller)
        let (record, id) = (standing.record, standing.record.job.id)
        var object = JSONObject([.init(name: "report_id", value: .string(id.description))])
        for member in record.json.members where Routes.statusNames.contains(member.name) {
            object.append(member.name, member.value)
        }
        object.append(
            "eta_s", standing.remaining.map { JSON($0.components.seconds) } ?? .null)
        object.append(
            "download_url",
            record.job.status == .complete ? .string(ReportForm.download(of: id)) : .null)
        return Answer(.object(object))
    }

    /// What a report's status has of its job.
    private static let statusNames: Set = [
        "job_id", "tenant_id", "user_id", "feature_slug", "status", "progress", "created_at",
        "ended_at", "error", "message",
    ]

    private enum ReportFormat: String, CaseIterable { case json, markdown, html }

    /// `GET /reports/{id}/download`: always to be saved, never to be shown in place.
    func downloadReport(_ call: Call) async throws(WeirError) -> Answer {
        let format = try call.query.choice("format", ReportFormat.self) ?? .json
        let report = try await reports().document(of: try reportID(call), for: call.caller)
        var answer: Answer
        let ending: String
        switch format {
        case .json: (answer, ending) = (Answer(body: report.json), "json")
        case .markdown:
            answer = Answer(body: report.markdown, contentType: "text/markdown; charset=utf-8")
            ending = "md"
        case .html:
            answer = Answer(body: report.html, contentType: "text/html; charset=utf-8")
            answer.headers.append(
                HTTPField(name: .contentSecurityPolicy, value: Routes.reportPolicy))
            ending = "html"
        }
        answer.headers.append(
            HTTPField(
                name: .contentDisposition,
                value: "attachment; filename=\"\(report.fileName(ending))\""))
        return answer
    }

    /// A page that runs nothing, loads nothing, sends nothing and is in no frame.
    private static let reportPolicy = "\(ReportDocument.policy); frame-ancestors 'none'"

    /// What is no id of a report is the id of none.
    private func reportID(_ call: Call) throws(WeirError) -> JobID {
        guard let id = JobID(call.parameter) else { throw ReportDesk.unknown }
        return id
    }
}
