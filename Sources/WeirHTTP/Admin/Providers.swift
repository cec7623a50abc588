import WeirCore
import WeirService

extension Routes {
    /// `GET /admin/providers`: what the last background probe of each found, what is in flight, and
    /// which of its models a breaker keeps calls from.
    func listProviders(_ call: Call) async throws(WeirError) -> Answer {
        let traffic = try ai().traffic()
        let providers = use.health.probes().map { probe -> JSON in
            [
                "provider": .string(probe.provider.description),
                "reachability": .string(probe.reachability.rawValue),
                "checked_at": probe.checkedAt.map { .string($0.rfc3339) } ?? .null,
                "latency_ms": probe.latencyMilliseconds.map { JSON($0) } ?? .null,
                "traffic": traffic.first { $0.provider == probe.provider }.map(json) ?? .null,
            ]
        }
        return Answer(["providers": .array(providers)])
    }

    private func json(_ traffic: ProviderSnapshot) -> JSON {
        [
            "in_flight": JSON(traffic.inFlight), "limit": JSON(traffic.limit),
            "refused": JSON(traffic.refused),
            "models": .array(
                traffic.models.map { model in
                    [
                        "model": .string(model.name.description),
                        "breaker": .string(model.breaker.state.rawValue),
                        "since": .string(model.breaker.since.rfc3339),
                        "failures_in_row": JSON(model.breaker.failuresInRow),
                        "until": model.breaker.until.map { .string($0.rfc3339) } ?? .null,
                    ]
                }),
        ]
    }
}
