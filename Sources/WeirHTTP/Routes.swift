import HTTPTypes
import WeirCore
import WeirService

/// Every route, on one screen.
struct Routes: Sendable {
    let use: UseCases
    let settings: ServerSettings
    var draining = Draining()

    private static let scope = ["tenant_id", "period"]
    private static let deadList = ["tenant_id", "queue", "cursor", "limit"]
    private static let jobList = deadList + ["status"]

    /// Those that this process serves.
    var all: [Endpoint] {
        placed(aiRoutes + dropIns, isHere: use.ai != nil, isLimited: true)
            + placed(jobRoutes, isHere: use.jobs != nil, isOfJobs: true)
            + placed(reportRoutes, isHere: use.reports != nil, isOfJobs: true)
            + placed(eventRoutes, isHere: use.events != nil, isOfJobs: true)
            + placed(webhookRoutes, isHere: use.webhooks != nil)
            + administrationRoutes + gatewayRoutes + healthRoutes
    }

    private var aiRoutes: [Endpoint] {
        [
            Endpoint(.post, "/ai/complete", .anyKey, body: .json, complete),
            Endpoint(
                .get, "/ai/usage", .anyKey, query: Routes.scope + ["group_by", "format"], usage),
            Endpoint(.get, "/ai/usage/tenants", .admin, query: ["period"], tenantsUsage),
            Endpoint(
                .get, "/ai/usage/log", .anyKey, query: Routes.scope + ["cursor", "limit"],
                usageLog),
            Endpoint(.get, "/ai/budget", .anyKey, query: ["tenant_id"], budget),
            Endpoint(.get, "/ai/models", .anyKey, query: ["tenant_id"], models),

            Endpoint(.get, "/admin/prices", .admin, listPrices),
            Endpoint(.put, "/admin/prices", .admin, body: .json, putPrices),
            Endpoint(.post, "/admin/adjustments", .admin, body: .json, createAdjustment),
            Endpoint(.get, "/admin/providers", .admin, listProviders),
        ]
    }

    private var jobRoutes: [Endpoint] {
        [
            Endpoint(.post, "/ai/jobs", .anyKey, body: .json, createJob),
            Endpoint(.get, "/ai/jobs", .anyKey, query: Routes.jobList, listJobs),
            Endpoint(.get, "/ai/jobs/{id}", .anyKey, getJob),
            Endpoint(.delete, "/ai/jobs/{id}", .anyKey, cancelJob),
            Endpoint(.get, "/ai/jobs/{id}/result", .anyKey, jobResult),
            Endpoint(.get, "/admin/jobs/queues", .admin, listQueues),
            Endpoint(.get, "/admin/jobs/dead", .admin, query: Routes.deadList, listDeadLetters),
            Endpoint(.get, "/admin/jobs/dead/{id}", .admin, getDeadLetter),
            Endpoint(.delete, "/admin/jobs/dead/{id}", .admin, purgeDeadLetter),
            Endpoint(.post, "/admin/jobs/dead/{id}/replay", .admin, replayDeadLetter),
        ]
    }

    private var eventRoutes: [Endpoint] {
        [
            Endpoint(.get, "/ai/events", .anyKey, query: Routes.eventQuery, events),
            Endpoint(
                .get, WebSocketHandshake.path, .anyKey, query: Routes.eventQuery, eventSocket),
        ]
    }

    private var webhookRoutes: [Endpoint] {
        [
            Endpoint(.get, "/admin/webhooks", .admin, query: Routes.webhookList, listWebhooks),
            Endpoint(.post, "/admin/webhooks/{id}/retry", .admin, retryWebhook),
        ]
    }

    private var reportRoutes: [Endpoint] {
        [
            Endpoint(.post, "/reports/generate", .anyKey, body: .json, generateReport),
            Endpoint(.get, "/reports/{id}/status", .anyKey, reportStatus),
            Endpoint(
                .get, "/reports/{id}/download", .anyKey, query: ["format"], downloadReport),
        ]
    }

    private var administrationRoutes: [Endpoint] {
        [
            Endpoint(.get, "/admin/tenants", .admin, listTenants),
            Endpoint(.get, "/admin/tenants/{id}", .admin, getTenant),
            Endpoint(.put, "/admin/tenants/{id}", .admin, body: .json, putTenant),
            Endpoint(.get, "/admin/keys", .admin, listKeys),
            Endpoint(.post, "/admin/keys", .admin, body: .json, createKey),
            Endpoint(.delete, "/admin/keys/{id}", .admin, revokeKey),
            Endpoint(
                .post, "/admin/keys/{id}/rotate", .admin, body: .optionalJSON, rotateKey),
            Endpoint(.get, "/admin/kill-switches", .admin, listKillSwitches),
            Endpoint(.put, "/admin/kill-switches", .admin, body: .json, putKillSwitch),
            Endpoint(.get, "/admin/audit", .admin, query: ["cursor", "limit"], auditPage),
            Endpoint(
                .get, "/admin/audit/verify", .admin, query: ["sequence", "hash"], verifyAudit),
            Endpoint(.post, "/admin/reload", .admin, reload),
            Endpoint(.get, "/metrics", .admin, metrics),
        ]
    }

    private var healthRoutes: [Endpoint] {
        [
            Endpoint(.get, "/health", .open, health),
            Endpoint(.get, "/health/live", .open, liveness),
            Endpoint(.get, "/health/ready", .open, readiness),
        ]
    }

    private var gatewayRoutes: [Endpoint] {
        [Endpoint(.get, "/admin/gateway", .admin, showGateway)]
    }

    /// Where this process hasn't what they ask for, a gateway sends their calls on: all but an
    /// administrator's, who has a key of each instance.
    ///
    /// - Parameters:
    ///   - isHere: whether it has.
    ///   - isLimited: whether what is posted there counts as an AI call.
    ///   - isOfJobs: whether it is those who keep jobs that have it.
    private func placed(
        _ endpoints: [Endpoint], isHere: Bool, isLimited: Bool = false, isOfJobs: Bool = false
    ) -> [Endpoint] {
        if isHere { return endpoints }
        guard let gateway = use.gateway else { return [] }
        return endpoints.filter { $0.access != .admin }.map { endpoint in
            AIForwarder(
                use: gateway, endpoint: endpoint,
                isLimited: isLimited && endpoint.method == .post, isOfJobs: isOfJobs
            ).forwarded
        }
    }

    /// What the routes of the AI service ask: they aren't served where there is none.
    func ai() throws(WeirError) -> AIUseCases {
        guard let ai = use.ai else {
            throw WeirError(.notFound, "The AI service is not in this process")
        }
        return ai
    }
}
