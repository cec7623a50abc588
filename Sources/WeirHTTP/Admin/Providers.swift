import WeirCore
import WeirService

extension Routes {
    /// `GET /admin/providers`: what the last background probe of each found.
    func listProviders(_ call: Call) async throws(WeirError) -> Answer {
        let providers = use.health.probes().map { probe -> JSON in
            [
                "provider": .string(probe.provider.description),
                "reachability": .string(probe.reachability.rawValue),
                "checked_at": probe.checkedAt.map { .string($0.rfc3339) } ?? .null,
                "latency_ms": probe.latencyMilliseconds.map { JSON($0) } ?? .null,
            ]
        }
        return Answer(["providers": .array(providers)])
    }
}
