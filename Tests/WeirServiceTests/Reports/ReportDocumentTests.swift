import Foundation
import Testing
import WeirCore

@testable import WeirService

@Suite struct ReportDocumentTests {
    private func document(
        _ result: String, title: String = "Sales", format: ReportForm.Format = .markdown
    ) throws -> ReportDocument {
        let moment = Timestamp(milliseconds: 1_777_000_000_000)
        let job = Job(
            Job(
                id: try #require(JobID("job_1")), tenant: try #require(TenantID(42)),
                user: .none, queue: .reportQueue, acceptedAt: moment, deadline: moment),
            state: .complete(at: moment), attempts: 1, epoch: 1)
        let record = JobRecord(
            sequence: 1, job: job, feature: .reportGeneration, changedAt: moment, claimedAt: nil,
            progress: JobProgress(done: 1, total: 1), isReport: true)
        return try ReportDocument(
            record, form: ReportForm(title: title, format: format), result: Array(result.utf8))
    }

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    private let single = #"{"content":"Up by *5*.","input_tokens":3,"cost_usd":0.000598}"#
    private let many = """
        {"results":[{"content":"A"},{"error":"unsafe_input","message":"No *way*"}],"failed":1}
        """

    @Test func `JSON is the result under the report's name`() throws {
        #expect(
            text(try document(single).json) == """
                {"report_id":"job_1","feature_slug":"report-generation","title":"Sales",\
                "completed_at":"2026-04-24T03:06:40Z","content":"Up by *5*.","input_tokens":3,\
                "cost_usd":0.000598}
                """)
        #expect(text(try document(many).json).contains(#""results":[{"content":"A"},{"error":"#))
    }

    @Test(arguments: [
        #"{\"a\": 1}"#, #"Here:\n```json\n{\"a\": 1}\n```\n"#,
    ])
    func `an object that was asked for is an object`(content: String) throws {
        let one = try document("{\"content\":\"\(content)\"}", format: .json)
        #expect(text(one.json).contains(#""content":{"a":1}"#))
        #expect(text(one.markdown) == "# Sales\n\n```json\n{\n  \"a\": 1\n}\n```\n")
        let list = try document("{\"results\":[{\"content\":\"\(content)\"}]}", format: .json)
        #expect(text(list.json).contains(#""results":[{"content":{"a":1}}]"#))
    }

    @Test func `what is no object stays the text that it is`() throws {
        let one = try document(#"{"content":"I can't: ``` [1]"}"#, format: .json)
        #expect(text(one.json).contains(#""content":"I can't: ``` [1]""#))
        #expect(text(one.markdown) == "# Sales\n\n````\nI can't: ``` [1]\n````\n")
    }

    @Test func `Markdown is the answer under its title`() throws {
        #expect(text(try document(single).markdown) == "# Sales\n\nUp by *5*.\n")
        #expect(
            text(try document(many, title: "# <A>\n*b*").markdown)
                == "# \\# \\<A\\> \\*b\\*\n\n## 1\n\nA\n\n## 2\n\n*No \\*way\\**\n")
    }

    @Test func `HTML is a page that runs and loads nothing`() throws {
        let result = #"{"content":"<script>x</script>\n\n- *a*"}"#
        let page = text(try document(result, title: "</title><script>y</script>").html)
        #expect(page.hasPrefix("<!DOCTYPE html>\n"))
        #expect(page.hasSuffix("</body>\n</html>\n"))
        #expect(!page.contains("<script"))
        #expect(page.contains("<h1>&lt;/title&gt;&lt;script&gt;y&lt;/script&gt;</h1>"))
        #expect(page.contains("<p>&lt;script&gt;x&lt;/script&gt;</p>\n<ul>\n<li><em>a</em>"))
        #expect(page.contains("Content-Security-Policy\" content=\"\(ReportDocument.policy)\">"))
        let list = text(try document(many).html)
        #expect(list.contains("<h2>1</h2>\n<p>A</p>\n<h2>2</h2>\n<p><em>No *way*</em></p>"))
    }

    @Test func `the page's own style is the only one that holds`() throws {
        let page = text(try document(single).html)
        let style = try #require(page.firstMatch(of: /<style>([^<]*)<\/style>/)).1
        let hash = Data(sha256(Array(style.utf8))).base64EncodedString()
        #expect(
            ReportDocument.policy
                == "default-src 'none'; style-src 'sha256-\(hash)'; base-uri 'none'; "
                + "form-action 'none'")
        #expect(!page.contains("style=") && page.ranges(of: "<style").count == 1)
    }

    @Test(arguments: [
        ("Sales of May", "sales-of-may-job_1.md"), ("", "report-job_1.md"),
        ("../../etc/passwd\"; x=\"", "etc-passwd-x-job_1.md"), ("Umsätze é", "ums-tze-job_1.md"),
        ("報告", "report-job_1.md"), ("--A--", "a-job_1.md"),
    ])
    func `a file's name is safe`(title: String, expected: String) throws {
        #expect(try document(single, title: title).fileName("md") == expected)
    }

    @Test(arguments: ["", "[]", "null", "{"])
    func `a result that can't be read is an internal error`(result: String) {
        let error = #expect(throws: WeirError.self) { try document(result) }
        #expect(error?.code == .internalError)
    }
}
