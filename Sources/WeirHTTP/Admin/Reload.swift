import WeirCore
import WeirService

extension Routes {
    /// `POST /admin/reload`
    func reload(_ call: Call) async throws(WeirError) -> Answer {
        guard let reload = use.administration.reload else {
            throw WeirError(.notFound, "This process has no configuration to read again")
        }
        return Answer(try await reload(call.caller).json)
    }
}

extension ReloadReport {
    fileprivate var json: JSON {
        [
            "applied": .array(applied.map { .string($0) }),
            "needs_restart": .array(needsRestart.map { .string($0) }),
        ]
    }
}
