extension ModelCatalogue {
    /// The most routes of one call.
    package static let mostRoutes = 8
    /// How many names deep fallbacks are followed.
    package static let deepestFallback = 4

    /// The routes of a call, in the order in which they are to be tried, each model of a provider
    /// once: the target that the dice choose by weight, the name's other targets, its fallbacks,
    /// then the fallbacks' own. Each route's `name` is the one that led to it.
    ///
    /// What has no provider or no price is left out; where nothing is left, the first one's error
    /// is thrown.
    ///
    /// - Parameter dice: uniform over all of UInt64.
    package func plan(
        _ name: ModelName, prices: PriceBook, at now: Timestamp, dice: UInt64
    ) throws(WeirError) -> [Route] {
        var plan: [Route] = []
        var first: WeirError?
        var names = [name]
        var seen: Set<ModelName> = [name]
        for _ in 0...ModelCatalogue.deepestFallback {
            var next: [ModelName] = []
            for name in names where plan.count < ModelCatalogue.mostRoutes {
                do {
                    for route in try routes(of: name, prices, now, dice)
                    where !plan.contains(where: { $0.isSameTarget(as: route) }) {
                        plan.append(route)
                    }
                } catch {
                    first = first ?? error
                }
                next += (aliases[name]?.fallbacks ?? []).filter { seen.insert($0).inserted }
            }
            names = next
        }
        guard plan.isEmpty else { return Array(plan.prefix(ModelCatalogue.mostRoutes)) }
        throw first ?? WeirError(.unknownModel, "Model \(name) is not known here", param: "model")
    }

    /// What one name alone leads to, the chosen target first.
    private func routes(
        of name: ModelName, _ prices: PriceBook, _ now: Timestamp, _ dice: UInt64
    ) throws(WeirError) -> [Route] {
        guard let alias = aliases[name] else { return [try route(name, prices: prices, at: now)] }
        let targets = try usable(name, alias, prices, now)
        let chosen = choose(targets.map(\.weight), dice)
        return [targets[chosen].route]
            + targets.indices.filter { $0 != chosen }.map { targets[$0].route }
    }

    /// An index, each with a chance in proportion to its weight; the first where none has any.
    private func choose(_ weights: [Int], _ dice: UInt64) -> Int {
        let shares = weights.map { UInt64(clamping: min($0, 1_000_000)) }
        var left = dice.multipliedFullWidth(by: shares.reduce(0, +)).high
        for (index, share) in shares.enumerated() {
            if left < share { return index }
            left -= share
        }
        return 0
    }
}

extension Route {
    fileprivate func isSameTarget(as other: Route) -> Bool {
        provider == other.provider && model == other.model
    }
}
