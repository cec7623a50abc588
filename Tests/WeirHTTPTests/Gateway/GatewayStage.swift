import HTTPTypes
import Testing
import WeirCore
import WeirService
import WeirTesting

@testable import WeirHTTP

/// A gateway before instances that do what a test says; directory and keys are the stage's.
struct GatewayStage: Sendable {
    static let secret = Array("a secret of thirty-two characters".utf8)

    let instances = FakeInstances()
    let gateway: Gateway
    let stage: Stage
    private let gate: IdentityGate

    init(
        limits: LimitPolicy? = nil, routes: [RegularRoute] = [],
        settings: ServerSettings = ServerSettings()
    ) throws {
        let stage = try Stage()
        let seal = IdentitySeal(secrets: [Self.secret])
        let (main, reports, crm) = (try slug("main"), try slug("reports"), try slug("crm"))
        let pattern = try #require(FeaturePattern("report-*"))
        let bytes = sequentialBytes(seed: 3)
        var plan = GatewayPlan(
            pools: [main, reports, crm].map { PoolPlan(name: $0) },
            routing: try #require(FeatureRouting([.init(pattern, reports)], default: main)),
            routes: routes)
        plan.jobsPool = reports
        gateway = Gateway(
            plan, transport: instances, seal: seal, time: stage.time, random: bytes, dice: { 0 })
        gate = IdentityGate(seal, isOnlyDoor: true, time: stage.time)
        var use = stage.use
        (use.ai, use.jobs, use.reports, use.events) = (nil, nil, nil, nil)
        use.webhooks = nil
        use.gateway = GatewayUseCases(
            gateway: gateway,
            admission: GatewayAdmission(
                limits: limits.map { RateGate($0) }, directory: stage.directory,
                time: stage.time))
        self.stage = stage.serving(use, settings: settings)
        for (name, pool) in gateway.pools {
            pool.set([try slug("\(name)/a")])
            pool.learn(gate.instance, of: try slug("\(name)/a"))
        }
    }

    var use: UseCases { stage.use }

    func send(
        _ method: HTTPRequest.Method, _ target: String, key: Stage.Token? = .tenant,
        fields: [(String, String)] = [], body: String? = nil
    ) async throws -> Reply {
        try await stage.send(method, target, key: key?.rawValue, fields: fields, body: body)
    }

    /// A call of `/ai/complete`.
    func complete(
        _ rest: String = "", key: Stage.Token = .tenant
    ) async throws -> Reply {
        try await send(
            .post, "/ai/complete", key: key,
            body: #"{"model": "small", "user_message": "Hi"\#(rest)}"#)
    }

    /// Whom an instance is told that it is called by.
    func identity(_ call: InstanceCall) throws -> CallerIdentity {
        let sealed = call.headers.filter { $0.hasName("x-weir-identity") }
        try #require(sealed.count == 1)
        let identity = try gate.admit(sealed[0].value, method: call.method, target: call.target)
        try identity.require(body: call.body)
        return identity
    }

    func down(_ pool: String) throws {
        try gateway.pools.first { $0.name.description == pool }?.pool
            .check(slug("\(pool)/a"), passed: false)
    }

    var inFlight: Int {
        gateway.pools.flatMap(\.pool.snapshots).reduce(0) { $0 + $1.inFlight }
    }
}

extension Reply {
    /// All of it, where it comes in pieces.
    func whole() async throws -> String {
        guard var stream = answer.stream else { return text }
        var bytes: [UInt8] = []
        while let piece = try await stream.next() { bytes += piece }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Names of its header fields, in lower case.
    var names: [String] { answer.fields.map(\.name.canonicalName) }
}
