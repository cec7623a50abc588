import WeirCore
import WeirService

extension Routes {
    /// `GET /health`: 503 where calls can't be served.
    func health(_ call: Call) async throws(WeirError) -> Answer {
        let report = use.health.report()
        let providers = report.providers.sorted { $0.key.description < $1.key.description }
            .map {
                JSONObject.Member(name: $0.key.description, value: .string($0.value.rawValue))
            }
        var checks = JSONObject()
        checks.append("database", report.isDatabaseSound ? "ok" : "failed")
        if let pools = report.pools {
            checks.append("pools", .object(JSONObject(pools.map(member))))
        } else {
            checks.append("providers", .object(JSONObject(providers)))
        }
        if let lag = report.queueLagMilliseconds { checks.append("queue_lag_ms", JSON(lag)) }
        checks.append("memory_used_pct", report.memoryUsedPercent.map { JSON($0) } ?? .null)
        checks.append("disk_free_pct", report.diskFreePercent.map { JSON($0) } ?? .null)
        return Answer(
            status: report.status == .unhealthy ? 503 : 200,
            ["status": .string(report.status.rawValue), "checks": .object(checks)])
    }

    private func member(_ pool: PoolHealth) -> JSONObject.Member {
        .init(
            name: pool.pool.description,
            value: ["healthy": JSON(pool.healthy), "instances": JSON(pool.instances)])
    }

    /// `GET /health/ready`: as `/health`; 503 besides where calls won't be served for long.
    func readiness(_ call: Call) async throws(WeirError) -> Answer {
        var answer = try await health(call)
        if draining.hasBegun { answer.status = 503 }
        return answer
    }

    /// `GET /health/live`: 503 only where nothing but a restart can help.
    func liveness(_ call: Call) async throws(WeirError) -> Answer {
        let isAlive = use.health.report().isDatabaseSound
        return Answer(
            status: isAlive ? 200 : 503, ["status": isAlive ? "healthy" : "unhealthy"])
    }
}
