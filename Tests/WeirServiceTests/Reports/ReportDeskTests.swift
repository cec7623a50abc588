import Testing
import WeirCore
import WeirTesting

@testable import WeirService

@Suite struct ReportDeskTests {
    private let stage: DeskStage
    private let desk: ReportDesk

    init() throws {
        stage = try DeskStage()
        desk = ReportDesk(
            templates: FeatureTemplates(model: try name("small")),
            jobs: stage.desk)
    }

    private func order(
        _ feature: String = "report-generation", tenant: Int64 = 42
    ) throws -> JobOrder {
        var order = try stage.order(tenant, feature: feature)
        order.request = JobRequest(
            caller: try stage.everyone(), feature: order.request.feature, calls: [])
        return order
    }

    private func report(_ form: ReportForm = ReportForm(title: "x")) async throws -> JobID {
        try await stage.accept {
            $0.request = JobRequest(
                key: $0.request.key, role: .service, feature: $0.request.feature,
                calls: $0.request.calls, report: form)
        }
    }

    @Test func `the template makes the calls, and says where they wait`() async throws {
        let parameters: JSON = ["topic": "Sales"]
        let accepted = try await desk.generate(
            try order(), of: parameters, by: try stage.everyone())
        #expect(accepted.job.queue == .reportQueue)
        let kept = try await stage.store.request(of: accepted.job.id).flatMap { JobRequest($0) }
        let request = try #require(kept)
        #expect(request.report == ReportForm(title: "Sales"))
        #expect(request.calls.count == 1 && request.calls[0]["tenant_id"] == 42)
        #expect(request.calls[0]["user_message"]?.string?.contains("this: Sales\n") == true)
        var elsewhere = try order("batch-analysis")
        elsewhere.queue = .standardQueue
        let many = try await desk.generate(
            elsewhere, of: ["instruction": "Say", "inputs": ["a", "b"]],
            by: try stage.everyone())
        #expect(many.job.queue == .standardQueue)
        let standing = try await desk.standing(of: many.job.id, for: try stage.everyone())
        #expect(standing.record.progress == JobProgress(done: 0, total: 2))
    }

    @Test func `other templates are for what is asked for from then on`() async throws {
        let everyone = try stage.everyone()
        func message(_ id: JobID) async throws -> String? {
            let kept = try await stage.store.request(of: id).flatMap { JobRequest($0) }
            return kept?.calls[0]["user_message"]?.string
        }
        let before = try await desk.generate(try order(), of: ["a": 1], by: everyone)
        let own = FeatureTemplate(user: try Template("Mine: {{a}}"))
        desk.replace(FeatureTemplates([.reportGeneration: own], model: try name("small")))
        let after = try await desk.generate(try order(), of: ["a": 1], by: everyone)
        #expect(try await message(after.job.id) == "Mine: 1")
        #expect(try await message(before.job.id)?.hasPrefix("Write a report") == true)
        desk.replace(FeatureTemplates(model: try name("none")))
        let last = try order()
        let refused = await complaint { () async throws(WeirError) in
            _ = try await desk.generate(last, of: ["a": 1], by: everyone)
        }
        #expect(refused == "unknown_model model")
    }

    @Test func `a report for a batch is refused where there are none`() async throws {
        let everyone = try stage.everyone()
        let plain = try order("batch-analysis")
        let batch = JobOrder(
            tenant: plain.tenant, user: plain.user,
            request: JobRequest(
                caller: everyone, feature: plain.request.feature, calls: [], allowsBatch: true))
        let refused = await complaint { () async throws(WeirError) in
            _ = try await desk.generate(
                batch, of: ["instruction": "Say", "inputs": ["a", "b"]], by: everyone)
        }
        #expect(refused == "invalid_request mode")
    }

    @Test func `nothing is rendered or kept for who may not ask`() async throws {
        let foreign = try caller(.service, 43)
        let own = try order()
        let refused = await complaint { () async throws(WeirError) in
            _ = try await desk.generate(own, of: .null, by: foreign)
        }
        #expect(refused == "forbidden tenant_id")
        let idle = try order(tenant: 44)
        let everyone = try stage.everyone()
        let inactive = await complaint { () async throws(WeirError) in
            _ = try await desk.generate(idle, of: ["a": 1], by: everyone)
        }
        #expect(inactive == "ai_module_inactive")
    }

    @Test func `a complete report is given, with its title`() async throws {
        let id = try await report(ReportForm(title: "Sales", format: .json))
        let everyone = try stage.everyone()
        let early = await complaint { () async throws(WeirError) in
            _ = try await desk.document(of: id, for: everyone)
        }
        #expect(early == "conflict")
        try await stage.work(.complete(#"{"content":"{\"a\":1}"}"#))
        let document = try await desk.document(of: id, for: everyone)
        #expect(document.title == "Sales")
        #expect(document.completedAt == stage.time.now())
        #expect(String(decoding: document.json, as: UTF8.self).contains(#""content":{"a":1}"#))
    }

    @Test func `what is no report of the caller's is unknown in one way`() async throws {
        let job = try await stage.accept()
        let own = try await report()
        let foreign = try caller(.service, 43)
        let everyone = try stage.everyone()
        let absent = try #require(JobID("job_absent"))
        for (id, caller) in [(job, everyone), (own, foreign), (absent, everyone)] {
            do {
                _ = try await desk.standing(of: id, for: caller)
                Issue.record("\(id) is shown")
            } catch {
                #expect(error.message == ReportDesk.unknown.message)
            }
            let refused = await complaint { () async throws(WeirError) in
                _ = try await desk.document(of: id, for: caller)
            }
            #expect(refused == "not_found")
        }
    }
}
