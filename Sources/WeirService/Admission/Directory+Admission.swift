import WeirCore

extension Directory.Snapshot {
    /// The tenant of a call, where its caller, its module, the feature and the model let it be
    /// made now. Throws the refusal.
    func admit(
        _ id: TenantID, _ feature: FeatureSlug, _ model: ModelName, for caller: Caller,
        at now: Timestamp
    ) throws(WeirError) -> Tenant {
        try caller.require(id)
        let tenant = tenants[id]
        try ModuleGate.check(
            tenant: tenant, id: id, feature: feature, switches: switches, now: now)
        guard let tenant else {
            throw WeirError(.moduleInactive, "AI module not activated for tenant \(id)")
        }
        guard tenant.models.isEmpty || tenant.models.contains(model) else {
            throw WeirError(
                .forbidden, "Tenant \(tenant.id) may not call \(model)", param: "model")
        }
        return tenant
    }

    /// The routes to a model that are to be tried, in their order; never none. What an operator
    /// has stopped is left out, and refused where nothing else is there.
    func routes(
        to model: ModelName, in catalogue: ModelCatalogue, at now: Timestamp, dice: UInt64
    ) throws(WeirError) -> [Route] {
        let routes = try catalogue.plan(model, prices: prices, at: now, dice: dice)
        var stopped: WeirError?
        let open = routes.filter { route in
            do throws(WeirError) {
                try requireRunning(route, to: model)
                return true
            } catch {
                stopped = stopped ?? error
                return false
            }
        }
        guard open.isEmpty, let stopped else { return open }
        throw stopped
    }

    /// Throws `ai_kill_switch` where an operator has stopped a route to the model.
    func requireRunning(_ route: Route, to model: ModelName) throws(WeirError) {
        let targets: [KillSwitches.Target] = [
            .provider(route.provider), .model(route.name), .model(route.model), .model(model),
        ]
        guard let target = switches.first(of: targets) else { return }
        throw WeirError(.killSwitch, "AI calls are stopped by an operator (\(target))")
    }
}
