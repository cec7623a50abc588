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
            HeaderField("X-Weir-Tokens", "15"), HeaderField("date", "now"),
        ]
        let expected = try fields([
            ("content-type", "text/event-stream"), ("content-length", "12"),
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
            (#"{"feature_slug":"\u0061"}"#, "a"), (#"{"feature\u005fslug":"a"}"#, "a"),
            (#"{"\u0066eature_slug" : "a"}"#, "a"), (#"{"feature_slug":""#, nil),
            (#"{"feature_slug":"#, nil), (#"{"feature_slug""#, nil), (#"{"\"#, nil), ("", nil),
            ("}}}]]", nil),
        ] as [(String, String?)])
    func `the feature is what the outermost object names`(body: String, feature: String?) {
        #expect(NamedInBody(Array(body.utf8)).feature?.description == feature)
    }

    @Test(
        arguments: [
            (#"{"tenant_id":42,"user_id":7}"#, 42, 7),
            (#"{"user_id" : 0, "messages":[{"tenant_id":1}], "tenant_id" : 42.0 }"#, 42, 0),
            (#"{"tenant_id":4.2e1}"#, 42, nil), (#"{"tenant\u005fid":42}"#, 42, nil),
            (#"{"tenant_id":"42"}"#, nil, nil), (#"{"tenant_id":-1}"#, nil, nil),
            (#"{"tenant_id":42.5}"#, nil, nil), (#"{"tenant_id":042}"#, nil, nil),
            (#"{"tenant_id":99999999999999999999}"#, nil, nil), (#"{"tenant_id":null}"#, nil, nil),
            (#"{"tenant_id":[42]}"#, nil, nil), (#"{"tenant_id":"#, nil, nil),
        ] as [(String, Int64?, Int64?)])
    func `the tenant and the user are what an instance would read`(
        body: String, tenant: Int64?, user: Int64?
    ) {
        let named = NamedInBody(Array(body.utf8))
        #expect(named.tenant?.number == tenant)
        #expect(named.user?.number == user)
    }

    @Test func `what is cut anywhere names nobody else`() {
        let body = Array(#"{"tenant_id":42,"feature_slug":"sales","user_id":7}"#.utf8)
        for count in body.indices {
            let named = NamedInBody(Array(body[..<count]))
            #expect([nil, 4, 42].contains(named.tenant?.number))
            #expect([nil, "sales"].contains(named.feature?.description))
        }
    }

    @Test func `a service learns who it is asked for by, and none of Weir's keys`() throws {
        var head = CallHead(
            method: .get, target: "/crm",
            headers: try fields([
                ("Authorization", "Bearer wk_secret"), ("X-Api-Key", "own-key"),
                ("X-Weir-Identity", "forged"), ("X-Forwarded-For", "1.2.3.4"),
                ("X-Forwarded-Proto", "https"), ("Forwarded", "for=1.2.3.4"),
                ("X-Real-IP", "1.2.3.4"), ("X-Request-Id", "forged"), ("Cookie", "a=b"),
                ("Connection", "x-hop"), ("X-Hop", "1"),
                ("Accept-Encoding", "gzip"),
            ]))
        head.peer = "10.0.0.9"
        head.authority = "shop.example"
        let sent = ForwardedFields.toService(head, request: try slug("req_1")) {
            $0.hasPrefix("wk_")
        }
        #expect(
            sent == [
                HeaderField("x-api-key", "own-key"), HeaderField("cookie", "a=b"),
                HeaderField("accept-encoding", "gzip"), HeaderField("x-request-id", "req_1"),
                HeaderField("x-forwarded-for", "10.0.0.9"),
                HeaderField("x-forwarded-host", "shop.example"),
                HeaderField("x-forwarded-proto", "http"),
            ])
    }
}
