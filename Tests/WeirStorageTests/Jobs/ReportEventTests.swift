import Testing
import WeirCore
import WeirService
import WeirStorage
import WeirTesting

@Suite struct ReportEventTests {
    private let report = ReportForm(title: "Sales", format: .json)

    private func request(_ report: ReportForm?) throws -> JobRequest {
        JobRequest(
            key: try #require(KeyID("key_1")), role: .service,
            feature: try #require(FeatureSlug("report-generation")),
            calls: [["user_message": "x"]], report: report)
    }

    private func complete(
        _ number: Int, _ report: ReportForm?, in store: any JobStore
    ) async throws {
        let job = try Sample.job(number)
        _ = try await store.enqueue(job, request: try request(report), claim: nil, limit: 10)
        let claimed = try #require(
            try await store.claim(from: job.queue, QueueRules(), at: Sample.now))
        let step = JobStep.complete(epoch: claimed.job.epoch, at: Sample.now)
        _ = try #require(try await store.apply(step, to: job.id, result: [0x7B, 0x7D]))
    }

    @Test func `whoever waits for a report hears that it can be had`() async throws {
        let store = InMemoryJobStore()
        try await complete(1, report, in: store)
        #expect(store.events.map(\.type) == ["JobCompleted", "ReportCompleted"])
        #expect(
            store.events.map { $0.payload["download_url"] } == [nil, "/reports/job_1/download"])
        #expect(store.events.last?.payload["user_id"] == 101)
        try await complete(2, nil, in: store)
        #expect(store.events.map(\.type).suffix(1) == ["JobCompleted"])
        #expect(store.events.last?.payload["download_url"] == nil)
    }

    @Test func `both events are of the job's own transaction`() async throws {
        try await withStore { store, path in
            try await complete(1, report, in: store)
            try await complete(2, nil, in: store)
            let types = try rawIntegers(
                path, "SELECT type = 'ReportCompleted', tenant_id FROM events ORDER BY seq")
            #expect(types == [[0, 42], [1, 42], [0, 42]])
        }
    }

    @Test(arguments: JobStoreKind.allCases)
    func `a record says whether there is a report`(kind: JobStoreKind) async throws {
        try await kind.run { store in
            try await complete(1, report, in: store)
            try await complete(2, nil, in: store)
            #expect(try await store.record(of: try Sample.jobID(1))?.isReport == true)
            #expect(try await store.record(of: try Sample.jobID(2))?.isReport == false)
        }
    }

    @Test(arguments: [
        nil, ReportForm(title: ""), ReportForm(title: "Ä \"x\"", format: .json),
        ReportForm(title: "x", format: .json, requiredFields: []),
        ReportForm(title: "x", format: .json, requiredFields: ["a.b", "ü"]),
    ])
    func `a report's form is kept`(report: ReportForm?) throws {
        #expect(JobRequest(try request(report).encoded)?.report == report)
    }
}
