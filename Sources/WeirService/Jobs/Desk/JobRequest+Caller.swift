package import WeirCore

extension JobRequest {
    /// What somebody asks for now. Its calls are made in their name, but never with an
    /// administrator's rights: a job needs none.
    package init(
        caller: Caller, feature: FeatureSlug, calls: [JSON], webhook: String? = nil,
        report: ReportForm? = nil, allowsBatch: Bool = false
    ) {
        self.init(
            key: caller.key, role: caller.role == .admin ? .service : caller.role,
            feature: feature, calls: calls, webhook: webhook, report: report,
            allowsBatch: allowsBatch)
    }
}
