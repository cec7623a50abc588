package import WeirCore

/// Whether a job may be put to wait: what the pipeline would refuse at once isn't accepted.
/// Budgets and limits of pace are looked at when it runs.
package struct JobAdmission: Sendable {
    private let directory: Directory
    private let catalogue: ModelCatalogue?

    /// - Parameter catalogue: nil where the AI service runs elsewhere. Models are its to know then,
    ///   and so are tenants that the directory here has no entry of.
    package init(directory: Directory, catalogue: ModelCatalogue?) {
        self.directory = directory
        self.catalogue = catalogue
    }

    func check(_ order: JobOrder, by caller: Caller, at now: Timestamp) throws(WeirError) {
        try caller.require(order.tenant)
        let directory = directory.snapshot
        let feature = order.request.feature
        if catalogue == nil, directory.tenants[order.tenant] == nil {
            return try ModuleGate.checkSwitches(order.tenant, feature, directory.switches)
        }
        for model in try order.models {
            _ = try directory.admit(order.tenant, feature, model, for: caller, at: now)
            guard let catalogue else { continue }
            // Which of several routes comes first is no matter here.
            _ = try directory.routes(to: model, in: catalogue, at: now, dice: 0)
        }
    }
}
