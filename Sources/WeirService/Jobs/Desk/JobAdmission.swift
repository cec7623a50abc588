package import WeirCore

/// Whether a job may be put to wait: what the pipeline would refuse at once isn't accepted.
/// Budgets and limits of pace are looked at when it runs.
package struct JobAdmission: Sendable {
    private let directory: Directory
    private let catalogue: ModelCatalogue?
    /// Nil where nobody here submits batches.
    private let batches: BatchRoutes?

    /// - Parameter catalogue: nil where the AI service runs elsewhere. Models are its to know then,
    ///   and so are tenants that the directory here has no entry of.
    package init(
        directory: Directory, catalogue: ModelCatalogue?, batches: BatchRoutes? = nil
    ) {
        self.directory = directory
        self.catalogue = catalogue
        self.batches = batches
    }

    func check(_ order: JobOrder, by caller: Caller, at now: Timestamp) throws(WeirError) {
        try caller.require(order.tenant)
        if order.request.allowsBatch, batches == nil || catalogue == nil {
            throw WeirError(
                .invalidRequest, "The mode batch is not available here", param: "mode")
        }
        let directory = directory.snapshot
        let feature = order.request.feature
        if catalogue == nil, directory.tenants[order.tenant] == nil {
            return try ModuleGate.checkSwitches(order.tenant, feature, directory.switches)
        }
        for model in try order.models {
            _ = try directory.admit(order.tenant, feature, model, for: caller, at: now)
            guard let catalogue else { continue }
            // Which of several routes comes first is no matter here.
            let routes = try directory.routes(to: model, in: catalogue, at: now, dice: 0)
            if order.request.allowsBatch { _ = try batches?.first(of: routes, for: model) }
        }
    }
}
