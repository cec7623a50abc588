import HTTPTypes
import Testing
import WeirCore
import WeirService

@testable import WeirHTTP

/// Bodies of `/ai/complete` that must be refused by name, and never reach the pipeline.
@Suite struct HostileBodyTests {
    /// A body that is right but for the members given; a nil value leaves one out.
    private static func body(_ changes: String...) -> String {
        let base = [
            #""tenant_id": 42"#, #""model": "small""#, #""user_message": "Hi""#,
        ]
        let names = changes.compactMap { $0.split(separator: "\"").first.map(String.init) }
        let kept = base.filter { member in
            !names.contains { member.contains("\"\($0)\"") }
        }
        return "{" + (kept + changes.filter { $0.contains(":") }).joined(separator: ", ") + "}"
    }

    static let numbers: [(String, String)] = [
        "1.5", "1.0000001", "1e30", "1e400", "1e-1", "9223372036854775808.0",
        "9223372036854775808", "-9223372036854775809", "-1", #""12""#, "null", "true", "[1]", "{}",
        "-1.0", "-1e2",
    ].flatMap { value in
        ["tenant_id", "user_id", "max_tokens"].map { ($0, "\"\($0)\": \(value)") }
    }

    static let others: [(String, String)] = [
        ("tenant_id", #""tenant_id": 0"#),
        ("max_tokens", #""max_tokens": 0"#),
        ("max_tokens", #""max_tokens": 1000001"#),
        ("model", #""model": """#),
        ("model", #""model": 5"#),
        ("model", #""model": null"#),
        ("model", #""model": "gpt 4""#),
        ("model", #""model": "kelvin-\u212a""#),
        ("model", "\"model\": \"\(String(repeating: "m", count: 129))\""),
        ("feature_slug", #""feature_slug": """#),
        ("feature_slug", #""feature_slug": "a b""#),
        ("feature_slug", "\"feature_slug\": \"\(String(repeating: "f", count: 65))\""),
        ("feature_slug", #""feature_slug": null"#),
        ("system_prompt", #""system_prompt": 1"#),
        ("system_prompt", #""system_prompt": ["x"]"#),
        ("user_message", #""user_message": """#),
        ("user_message", #""user_message": null"#),
        ("user_message", #""user_message": {"text": "x"}"#),
        ("user_message", #""user_message": "a\u0000b""#),
        ("user_message", #""user_message": "a\ud800b""#),
        ("user_message", #""user_message": "a\udc00""#),
        ("user_message", "\"user_message\": \"a\u{0}b\""),
        ("temperature", #""temperature": 2.0001"#),
        ("temperature", #""temperature": -0.1"#),
        ("temperature", #""temperature": "1""#),
        ("temperature", #""temperature": 1e999"#),
        ("temperature", #""temperature": null"#),
        ("top_p", #""top_p": 1.1"#),
        ("top_p", #""top_p": true"#),
        ("stop", #""stop": []"#),
        ("stop", #""stop": """#),
        ("stop", #""stop": ["a", "b", "c", "d", "e"]"#),
        ("stop", #""stop": ["a", 1]"#),
        ("stop", "\"stop\": \"\(String(repeating: "s", count: 257))\""),
        ("stop", #""stop": null"#),
        ("metadata", #""metadata": []"#),
        ("metadata", #""metadata": {"a": 1}"#),
        ("metadata", "\"metadata\": {\"\(String(repeating: "n", count: 65))\": \"x\"}"),
        ("metadata", "\"metadata\": {\(manyMembers)}"),
        ("stream", #""stream": "false""#),
        ("api_base", #""api_base": "http://169.254.169.254""#),
        ("price", #""price": 0"#),
        ("Model", #""Model": "small""#),
        ("max_tokens", #""max_tokens": 1, "max_tokens": 2"#),
        ("metadata", #""metadata": {"a": "1", "a": "2"}"#),
    ]

    private static let manyMembers = (0..<17).map { "\"\($0)\": \"x\"" }.joined(separator: ",")

    static let conversations: [(String, String)] = [
        ("messages", #"[]"#),
        ("messages", #"{}"#),
        ("messages", #"[{"role": "system", "content": "x"}]"#),
        ("messages", #"[{"role": "assistant", "content": "x"}]"#),
        ("messages[0]", #"["x"]"#),
        ("messages[0].role", #"[{"content": "x"}]"#),
        ("messages[0].role", #"[{"role": "tool", "content": "x"}]"#),
        ("messages[0].role", #"[{"role": 1, "content": "x"}]"#),
        ("messages[0].content", #"[{"role": "user"}]"#),
        ("messages[0].content", #"[{"role": "user", "content": ""}]"#),
        ("messages[0].content", #"[{"role": "user", "content": null}]"#),
        ("messages[0].content", #"[{"role": "user", "content": []}]"#),
        ("messages[0].content[0]", #"[{"role": "user", "content": ["x"]}]"#),
        (
            "messages[0].content[0].type",
            #"[{"role": "user", "content": [{"type": "image_url", "text": "x"}]}]"#
        ),
        ("messages[0].content[0].text", #"[{"role": "user", "content": [{"type": "text"}]}]"#),
        (
            "messages[0].content[0].url",
            #"[{"role": "user", "content": [{"type": "text", "text": "x", "url": "y"}]}]"#
        ),
        ("messages[0].name", #"[{"role": "user", "content": "x", "name": "bob"}]"#),
        ("messages[1].content", #"[{"role": "user", "content": "x"}, {"role": "user"}]"#),
    ]

    @Test(arguments: numbers + others)
    func `a wrong field is named`(param: String, change: String) async throws {
        try await refuses(Self.body(change), param: param)
    }

    @Test(arguments: conversations)
    func `a wrong message is named`(param: String, list: String) async throws {
        let body = #"{"tenant_id": 42, "model": "small", "messages": \#(list)}"#
        try await refuses(body, param: param)
    }

    @Test(arguments: [
        ("messages", #"{"tenant_id":42,"model":"small","user_message":"a","messages":[]}"#),
        ("user_message", #"{"tenant_id":42,"model":"small"}"#),
        ("model", #"{"tenant_id":42,"user_message":"a"}"#),
        ("tenant_id", #"{"model":"small","user_message":"a"}"#),
    ])
    func `a missing field is named`(param: String, body: String) async throws {
        try await refuses(body, param: param)
    }

    @Test(arguments: [
        "", " ", "null", "[]", "1", "\"x\"", "{", "{}x", "{\"a\"}", "{'a': 1}", "{\"a\": 01}",
        "\u{FEFF}{}", "{\"a\": NaN}", "{\"a\": 1,}", "{\"\\ud800\": 1}",
        String(repeating: "[", count: 100), "{\"a\":" + String(repeating: "{\"a\":", count: 80),
    ])
    func `what is no object is refused`(body: String) async throws {
        let stage = try Stage()
        let reply = try await stage.send(
            .post, "/ai/complete", key: Stage.Token.service.rawValue, body: body)
        #expect(reply.status == 400)
        #expect(reply.error == "invalid_request")
        #expect(stage.completions.count == 0)
    }

    @Test func `bytes that are no UTF-8 are refused`() throws {
        let bytes: [UInt8] = Array(#"{"model": ""#.utf8) + [0xC0, 0xAF] + Array(#""}"#.utf8)
        let headers = CallHead(
            method: .post, target: "", headers: [.contentType: "application/json"])
        #expect(throws: WeirError.self) {
            try RequestBodyReader.json(bytes, headers: headers.headers)
        }
    }

    private func refuses(_ body: String, param: String) async throws {
        let stage = try Stage()
        let reply = try await stage.send(
            .post, "/ai/complete", key: Stage.Token.service.rawValue, body: body)
        #expect(reply.status == 400, "\(body): \(reply.text)")
        #expect(reply.error == "invalid_request")
        #expect(reply.param == param, "\(body): \(reply.text)")
        #expect(stage.completions.count == 0)
    }
}
