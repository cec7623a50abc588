package import WeirCore

/// What a job keeps of its call: what its worker has to know, and nobody else.
package struct JobRequest: Sendable, Equatable {
    /// Who asked; the tenant is the job's.
    package let key: KeyID
    package let role: ServiceKey.Role
    package let feature: FeatureSlug
    /// Whole bodies of `POST /ai/complete`, without `stream`; at least one. A job of several gives
    /// its answers in this order.
    package let calls: [JSON]
    /// What is told when the job ends; nil where nobody is.
    package let webhook: String?
    /// How the result is shown to whoever downloads it; nil for a plain completion.
    package let report: ReportForm?
    /// Whether it may go through a provider's batch interface, which is cheaper and slower.
    package let allowsBatch: Bool

    package init(
        key: KeyID, role: ServiceKey.Role, feature: FeatureSlug, calls: [JSON],
        webhook: String? = nil, report: ReportForm? = nil, allowsBatch: Bool = false
    ) {
        self.key = key
        self.role = role
        self.feature = feature
        self.calls = calls
        self.webhook = webhook
        self.report = report
        self.allowsBatch = allowsBatch
    }
}

/// What a report's answers have to be, and how they are shown.
package struct ReportForm: Sendable, Equatable {
    package let title: String
    /// What its answers are.
    package let format: Format
    /// Members of the JSON object that each answer must be; nil where any answer will do.
    package let requiredFields: [String]?

    package enum Format: String, Sendable, CaseIterable {
        case markdown, json
    }

    package init(title: String, format: Format = .markdown, requiredFields: [String]? = nil) {
        self.title = title
        self.format = format
        self.requiredFields = requiredFields
    }

    /// Where a report that is complete can be had, without the host.
    package static func download(of job: JobID) -> String { "/reports/\(job)/download" }
}

extension JobRequest {
    /// As the store keeps it.
    package var encoded: [UInt8] {
        var members: [JSONObject.Member] = [
            .init(name: "v", value: JSON(1)),
            .init(name: "key", value: .string(key.description)),
            .init(name: "role", value: .string(role.rawValue)),
            .init(name: "feature", value: .string(feature.description)),
            .init(name: "calls", value: .array(calls)),
        ]
        if let webhook { members.append(.init(name: "webhook", value: .string(webhook))) }
        if let report {
            members.append(.init(name: "title", value: .string(report.title)))
            members.append(.init(name: "format", value: .string(report.format.rawValue)))
            if let fields = report.requiredFields {
                members.append(.init(name: "fields", value: .array(fields.map { .string($0) })))
            }
        }
        if allowsBatch { members.append(.init(name: "batch", value: .bool(true))) }
        return JSON.object(JSONObject(members)).encoded
    }

    /// Nil for what no version of this program has kept.
    package init?(_ bytes: [UInt8]) {
        // Whatever is wrong with it, nobody can run it.
        guard let json = try? JSONParser.parse(bytes, JobRequest.bounds),
            let key = json["key"]?.string.flatMap({ KeyID($0) }),
            let role = json["role"]?.string.flatMap(ServiceKey.Role.init),
            let feature = json["feature"]?.string.flatMap({ FeatureSlug($0, limit: 64) }),
            let calls = json["calls"]?.array, !calls.isEmpty
        else { return nil }
        self.init(
            key: key, role: role, feature: feature, calls: calls,
            webhook: json["webhook"]?.string,
            report: json["title"]?.string.map { title in
                let format = json["format"]?.string.flatMap(ReportForm.Format.init)
                return ReportForm(
                    title: title, format: format ?? .markdown,
                    requiredFields: json["fields"]?.array?.compactMap(\.string))
            },
            allowsBatch: json["batch"] == .bool(true))
    }

    /// Its calls were accepted one by one, each within the bounds of a request.
    private static let bounds = JSONParser.Limits(depth: 80, values: 10_000_000)
}
