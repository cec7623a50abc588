import Synchronization
import Testing
import WeirCore
import WeirTesting

@testable import WeirService

@Suite(.timeLimit(.minutes(1))) struct ReportAnswerTests {
    private let form = ReportForm(
        title: "x", format: .json, requiredFields: ["total", "No. (new)"])

    private func complaint(_ content: JSON, _ form: ReportForm) -> String? {
        let envelope: JSON = ["content": content, "request_id": "req_1"]
        do throws(WeirError) {
            try form.check(envelope.encoded)
            return nil
        } catch {
            #expect(error.code == .unsafeOutput)
            return error.message
        }
    }

    @Test(arguments: [
        #"{"total":5,"No. (new)":null}"#, "```json\n{\"No. (new)\":{},\"total\":null}\n```",
        "Here it is:\n```\n{\"total\":1,\"No. (new)\":2,\"more\":3}\n```\nDone.",
    ])
    func `an object with its members is an answer, in a fence too`(content: String) {
        #expect(complaint(.string(content), form) == nil)
    }

    @Test(arguments: [
        (#"{"total":5}"#, #"lacks the field "No. (new)""#),
        ("{}", #"lacks the fields "total", "No. (new)""#),
        (#"{"No":{" (new)":1},"total":1}"#, #"lacks the field "No. (new)""#),
        (#"[{"total":5,"No. (new)":1}]"#, "not a JSON object"),
        ("The total is 5.", "not the JSON"), (#"{"total":5,"No. (new)""#, "not the JSON"),
        ("", "not the JSON"),
    ])
    func `what lacks something is none, and is told what`(content: String, expected: String) {
        #expect(complaint(.string(content), form)?.contains(expected) == true)
    }

    @Test func `where nothing is required anything is an answer, or any object`() {
        #expect(complaint("no object", ReportForm(title: "x", format: .json)) == nil)
        let any = ReportForm(title: "x", format: .json, requiredFields: [])
        #expect(complaint("{}", any) == nil)
        #expect(complaint("no object", any) != nil)
        #expect(complaint(.null, any) != nil)
    }

    @Test func `a long list of what is missing is cut`() {
        let many = ReportForm(
            title: "x", format: .json, requiredFields: (0..<500).map { "field \($0)" })
        let message = complaint("{}", many) ?? ""
        #expect(message.hasSuffix(#""field 19" and 480 more"#) && message.utf8.count < 400)
    }

    @Test func `an answer without its members uses an attempt up, and the next may have them`()
        async throws
    {
        let stage = try JobStage { _, number, _ in
            .envelope(number == 1 ? "I can't." : #"{"total":5,"No. (new)":1}"#)
        }
        try await stage.whileRunning {
            let id = try await stage.add(1, report: form)
            try await stage.until(id, is: .complete)
            #expect(try await stage.job(id).attempts == 2)
            #expect(try await stage.result(id)?.contains("No. (new)") == true)
            #expect(Set(stage.service.keys).count == 2)
        }
    }

    @Test func `a job that never gets its members fails, and says which`() async throws {
        let stage = try JobStage { _, _, _ in .envelope(#"{"total":5}"#) }
        try await stage.whileRunning {
            let id = try await stage.add(1, report: form)
            try await stage.until(id, is: .failed)
            guard case .failed(let failure, _) = try await stage.job(id).state else { return }
            #expect(failure.code == .unsafeOutput)
            #expect(failure.message.contains(#"lacks the field "No. (new)""#))
            #expect(stage.service.calls.count == 3)
        }
    }

    @Test func `of many answers, those that lack members are asked for again`() async throws {
        let stage = try JobStage { call, _, _ in
            let parts = call.idempotencyKey.split(separator: ":")
            let isGood = parts[3] == "0" || parts[3] == "1" && parts[2] == "2"
            return .envelope(isGood ? #"{"total":5,"No. (new)":1}"# : "{}")
        }
        try await stage.whileRunning {
            let id = try await stage.add(1, calls: 3, report: form)
            try await stage.until(id, is: .complete)
            let bytes = try #require(try await stage.store.result(of: id))
            let answers = try JSONParser.parse(bytes, .init())["results"]?.array ?? []
            #expect(answers.map { $0["error"]?.string } == [nil, nil, "unsafe_output"])
            // All three, then two, then one.
            #expect(stage.service.calls.count == 6)
        }
    }
}
