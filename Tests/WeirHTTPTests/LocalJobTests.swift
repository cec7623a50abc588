import Testing
import WeirCore
import WeirService

@testable import WeirHTTP

/// A job's call to the service in its own process: a client's way, without a client's key.
@Suite struct LocalJobTests {
    private func call(_ body: String, reach: ServiceKey.Reach = .all) throws -> JobCall {
        JobCall(
            request: try slug("req_job"),
            caller: Caller(key: try slug("key_long_gone"), role: .service, reach: reach),
            tenant: try tenantID(42), user: .none, feature: .defaultFeature,
            idempotencyKey: "job:job_1:1", body: Array(body.utf8))
    }

    private func performer(_ stage: Stage) -> LocalJobPerformer {
        LocalJobPerformer(stage.use, settings: ServerSettings())
    }

    @Test func `the pipeline gets the call as a client's`() async throws {
        let stage = try Stage()
        let use = stage.use(complete: { call throws(WeirError) in
            call.meter?.add(15)
            return try await stage.completions.complete(call)
        })
        let performer = LocalJobPerformer(use, settings: ServerSettings())
        let answer = await performer.perform(try call(CompleteTests.plain))
        guard case .answered(200, nil, wasHeldBack: false, nil, let body) = answer else {
            Issue.record("\(answer)")
            return
        }
        let envelope = try JSONParser.parse(body, .reply)
        #expect(envelope["request_id"]?.string == "req_job")
        let seen = try #require(stage.completions.last)
        #expect(seen.request.description == "req_job")
        #expect(seen.caller.key.description == "key_long_gone")
        #expect(seen.idempotency?.key == "job:job_1:1")
    }

    @Test func `its reach is as good as a client's`() async throws {
        let stage = try Stage()
        let call = try call(CompleteTests.plain, reach: .tenants([try tenantID(43)]))
        guard case .answered(403, nil, true, nil, let body) = await performer(stage).perform(call)
        else {
            Issue.record("it was let in")
            return
        }
        #expect(try JSONParser.parse(body, .reply)["error"] == "forbidden")
        #expect(stage.completions.count == 0)
    }

    @Test func `a refusal says when to come back`() async throws {
        let stage = try Stage()
        let use = stage.use(complete: { _ throws(WeirError) in
            throw WeirError(.overloaded, "full", retryAfter: 7)
        })
        let performer = LocalJobPerformer(use, settings: ServerSettings())
        let answer = await performer.perform(try call(CompleteTests.plain))
        guard case .answered(503, 7, true, nil, _) = answer
        else {
            Issue.record("no 503")
            return
        }
    }

    @Test func `a budget's refusal says when that begins anew`() async throws {
        let stage = try Stage()
        let reset = Timestamp(milliseconds: 1_777_593_600_000)
        let use = stage.use(complete: { _ throws(WeirError) in
            var refusal = WeirError(.budgetExceeded, "spent")
            refusal.budgetReset = reset
            throw refusal
        })
        let performer = LocalJobPerformer(use, settings: ServerSettings())
        let answer = await performer.perform(try call(CompleteTests.plain))
        guard case .answered(402, nil, true, reset, _) = answer else {
            Issue.record("\(answer)")
            return
        }
    }

    @Test func `its call can be had as the pipeline takes it`() throws {
        let stage = try Stage()
        let completion = try performer(stage).completion(of: try call(CompleteTests.plain))
        #expect(completion.tenant.number == 42)
        #expect(completion.request.description == "req_job")
        #expect(completion.idempotency?.key == "job:job_1:1")
        #expect(throws: WeirError.self) {
            try performer(stage).completion(of: try call(#"{"tenant_id": 42}"#))
        }
    }

    @Test func `a service that isn't healthy isn't available`() throws {
        let stage = try Stage()
        #expect(performer(stage).isAvailable)
        stage.health.set(
            HealthReport(status: .unhealthy, isDatabaseSound: true, providers: [:]))
        #expect(!performer(stage).isAvailable)
    }
}
