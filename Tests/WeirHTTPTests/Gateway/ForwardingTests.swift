import HTTPTypes
import Testing
import WeirCore
import WeirService

@testable import WeirHTTP

/// What a gateway passes on, and by what it picks a pool.
@Suite struct ForwardingTests {
    private func fields(_ pairs: [(String, String)]) throws -> HTTPFields {
        HTTPFields(
            try pairs.map { HTTPField(name: try #require(HTTPField.Name($0.0)), value: $0.1) })
    }

    @Test func `what says who calls, and what is between neighbours, goes no further`() throws {
        let headers = try fields([
            ("Authorization", "Bearer wk_secret"), ("X-Api-Key", "wk_secret"),
            ("X-Goog-Api-Key", "wk_secret"), ("X-Weir-Identity", "forged"),
            ("X-Request-Id", "req_forged"), ("Connection", "keep-alive, X-Hop"), ("X-Hop", "1"),
            ("Keep-Alive", "5"), ("TE", "trailers"), ("Upgrade", "h2c"),
            ("Proxy-Authorization", "Basic x"), ("Transfer-Encoding", "chunked"),
            ("Content-Length", "3"), ("Expect", "100-continue"),
            ("Content-Type", "application/json"),
            ("Anthropic-Version", "2023-06-01"), ("X-Weir-Feature", "sales"), ("X-Twice", "1"),
            ("X-Twice", "2"),
        ])
        #expect(
            ForwardedFields.toInstance(headers) == [
                HeaderField("x-api-key", ForwardedFields.withheld),
                HeaderField("x-goog-api-key", ForwardedFields.withheld),
                HeaderField("content-type", "application/json"),
                HeaderField("anthropic-version", "2023-06-01"),
                HeaderField("x-weir-feature", "sales"), HeaderField("x-twice", "1"),
                HeaderField("x-twice", "2"),
            ])
    }

    @Test func `an instance's own fields come back, but those between neighbours`() throws {
        let headers = [
            HeaderField("content-type", "text/event-stream"), HeaderField("connection", "x-hop"),
            HeaderField("x-hop", "1"), HeaderField("keep-alive", "5"),
            HeaderField("transfer-encoding", "chunked"), HeaderField("no name", "1"),
            HeaderField("x-request-id", "req_1"), HeaderField("content-length", "12"),
        ]
        let expected = try fields([
            ("content-type", "text/event-stream"), ("x-request-id", "req_1"),
            ("content-length", "12"),
        ])
        #expect(ForwardedFields.toClient(headers) == expected)
    }

    @Test(
        arguments: [
            (#"{"feature_slug":"sales"}"#, "sales"),
            (
                #" { "a" : [1, {"feature_slug":"inner"}], "feature_slug" : "report-7" , "b":2}"#,
                "report-7"
            ),
            (#"{"text":"\"feature_slug\":\"no\"","feature_slug":"yes"}"#, "yes"),
            (#"{"x":"feature_slug","feature_slug":"yes"}"#, "yes"),
            (#"{"a":{"feature_slug":"no"}}"#, nil), (#"["feature_slug","no"]"#, nil),
            (#"{"feature_slug":7}"#, nil), (#"{"feature_slug":"a b"}"#, nil),
            (#"{"feature_slug":"\u0061"}"#, nil), (#"{"feature_slug":""#, nil),
            (#"{"feature_slug":"#, nil), (#"{"feature_slug""#, nil), (#"{"\"#, nil), ("", nil),
            ("}}}]]", nil),
        ] as [(String, String?)])
    func `the feature is what the outermost object names`(body: String, feature: String?) {
        #expect(FeatureFinder.feature(in: Array(body.utf8))?.description == feature)
    }
}
