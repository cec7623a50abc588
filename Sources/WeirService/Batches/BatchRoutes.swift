package import WeirCore

/// Which of a call's routes leads through a provider's batch interface.
package struct BatchRoutes: Sendable {
    private let providers: [ProviderName: ProviderSetup]

    package init(_ providers: [ProviderName: ProviderSetup]) { self.providers = providers }

    /// The first route whose provider has a batch interface and a price for it, at that price.
    /// Throws `unpriced_model` where there is none.
    func first(of routes: [Route], for model: ModelName) throws(WeirError) -> Route {
        for route in routes where providers[route.provider]?.dialect.batch != nil {
            guard let price = route.price.batch else { continue }
            return Route(
                name: route.name, provider: route.provider, model: route.model, price: price)
        }
        throw WeirError(
            .unpricedModel, "Model \(model) has no batch price here", param: "model")
    }
}
