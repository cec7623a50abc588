/// Which provider serves a name that a caller uses, and at what price.
package struct ModelCatalogue: Sendable {
    private let providers: [Provider]
    let aliases: [ModelName: Alias]

    /// A configured provider, and whose prices it charges.
    package struct Provider: Sendable, Equatable {
        package let name: ProviderName
        package let pricesAs: String

        package init(name: ProviderName, pricesAs: String) {
            self.name = name
            self.pricesAs = pricesAs
        }
    }

    /// What a configured name stands for.
    package struct Alias: Sendable, Equatable {
        /// One is chosen by weight; the others are tried after it, in this order.
        package let targets: [Target]
        /// Other names, tried in turn where no target gives an answer.
        package let fallbacks: [ModelName]

        package init(targets: [Target], fallbacks: [ModelName] = []) {
            self.targets = targets
            self.fallbacks = fallbacks
        }

        package init(provider: ProviderName, model: ModelName) {
            self.init(targets: [Target(provider: provider, model: model)])
        }
    }

    /// One model of one provider, under a configured name.
    package struct Target: Sendable, Equatable {
        package let provider: ProviderName
        package let model: ModelName
        /// Its share of the calls, in proportion to the other targets'; with none it is only tried
        /// after another has failed.
        package let weight: Int

        package init(provider: ProviderName, model: ModelName, weight: Int = 1) {
            self.provider = provider
            self.model = model
            self.weight = weight
        }
    }

    /// - Parameter providers: in order of preference, for names that several of them price.
    package init(providers: [Provider], aliases: [ModelName: Alias]) {
        self.providers = providers
        self.aliases = aliases
    }

    /// Resolves a name: a configured one, `provider/model`, or any model that a provider prices. Of
    /// several targets it is the first that can be called; a call goes where `plan` says.
    package func route(
        _ name: ModelName, prices: PriceBook, at now: Timestamp
    ) throws(WeirError) -> Route {
        if let alias = aliases[name] {
            let routes = try usable(name, alias, prices, now)
            return routes[0].route
        }
        let text = name.description
        for provider in providers where text.hasPrefix("\(provider.name)/") {
            if let model = ModelName(String(text.dropFirst(provider.name.description.count + 1))) {
                return try route(name, model, provider, prices, now)
            }
        }
        for provider in providers {
            let price = prices.price(provider: provider.pricesAs, model: text, at: now)
            if let price {
                return Route(name: name, provider: provider.name, model: name, price: price)
            }
        }
        throw WeirError(.unknownModel, "Model \(name) is not known here", param: "model")
    }

    /// The targets of a configured name that have a provider and a price, in order. Throws the
    /// first one's error where there is none.
    func usable(
        _ name: ModelName, _ alias: Alias, _ prices: PriceBook, _ now: Timestamp
    ) throws(WeirError) -> [(route: Route, weight: Int)] {
        var routes: [(route: Route, weight: Int)] = []
        var first: WeirError?
        for target in alias.targets {
            do {
                routes.append((try route(name, to: target, prices, now), target.weight))
            } catch {
                first = first ?? error
            }
        }
        guard routes.isEmpty else { return routes }
        throw first ?? WeirError(.unknownModel, "Model \(name) has no provider", param: "model")
    }

    /// The route to one target of a configured name.
    package func route(
        _ name: ModelName, to target: Target, _ prices: PriceBook, _ now: Timestamp
    ) throws(WeirError) -> Route {
        guard let provider = providers.first(where: { $0.name == target.provider }) else {
            throw WeirError(.unknownModel, "Model \(name) has no provider", param: "model")
        }
        return try route(name, target.model, provider, prices, now)
    }

    private func route(
        _ name: ModelName, _ model: ModelName, _ provider: Provider, _ prices: PriceBook,
        _ now: Timestamp
    ) throws(WeirError) -> Route {
        let price = prices.price(
            provider: provider.pricesAs, model: model.description, at: now)
        guard let price else {
            throw WeirError(
                .unpricedModel, "Model \(name) has no price, so its cost can't be bounded",
                param: "model")
        }
        return Route(name: name, provider: provider.name, model: model, price: price)
    }

    /// Every name that can be called now, in order of name.
    package func routes(prices: PriceBook, at now: Timestamp) -> [Route] {
        var names = Set(aliases.keys)
        let served = Set(providers.map(\.pricesAs))
        for price in prices.prices(at: now) where served.contains(price.provider) {
            if let name = ModelName(price.model) { names.insert(name) }
        }
        // A name that has no route is left out of the list; calling it says why.
        return names.compactMap { try? route($0, prices: prices, at: now) }
            .sorted { $0.name.description < $1.name.description }
    }
}

/// Where a call goes, and what it will cost.
package struct Route: Sendable, Equatable {
    /// The caller's name for the model, and the provider's.
    package let name: ModelName
    package let provider: ProviderName
    package let model: ModelName
    package let price: ModelPrice

    package init(name: ModelName, provider: ProviderName, model: ModelName, price: ModelPrice) {
        self.name = name
        self.provider = provider
        self.model = model
        self.price = price
    }
}
