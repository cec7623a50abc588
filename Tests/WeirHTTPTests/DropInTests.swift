import HTTPTypes
import Testing
import WeirCore
import WeirService

@testable import WeirHTTP

/// The providers' own endpoints, from the request to the pipeline and back.
@Suite struct DropInTests {
    private let tenantKey = Stage.Token.tenant.rawValue
    private static let chat =
        #"{"model":"small","messages":[{"role":"user","content":"Hi"}],"x":{"y":1}}"#

    @Test func `the tenant is the key's own, and user and feature have defaults`() async throws {
        let stage = try Stage()
        let reply = try await stage.send(
            .post, "/v1/chat/completions", key: tenantKey, body: Self.chat)
        #expect(reply.status == 200, "\(reply.text)")
        let call = try #require(stage.completions.last)
        #expect(call.tenant.number == 42 && call.user == .none)
        #expect(call.feature == .defaultFeature)
        #expect(call.maxTokens == ServerSettings().dropInMaxTokens)
    }

    @Test func `headers name tenant, user and feature, within the key's reach`() async throws {
        let stage = try Stage()
        let fields = [
            ("X-Weir-Tenant", "42"), ("X-Weir-User", "7"), ("X-Weir-Feature", "faq"),
        ]
        let reply = try await stage.send(
            .post, "/v1/chat/completions", key: Stage.Token.service.rawValue, fields: fields,
            body: Self.chat)
        #expect(reply.status == 200, "\(reply.text)")
        let call = try #require(stage.completions.last)
        #expect(call.user.number == 7 && call.feature.description == "faq")
        let other = try await stage.send(
            .post, "/v1/chat/completions", key: tenantKey, fields: [("X-Weir-Tenant", "43")],
            body: Self.chat)
        #expect(other.status == 403)
    }

    @Test(arguments: [
        ("X-Weir-Tenant", "0"), ("X-Weir-Tenant", "4 2"), ("X-Weir-Tenant", "042"),
        ("X-Weir-User", "-1"), ("X-Weir-User", "9223372036854775808"),
        ("X-Weir-Feature", "a b"), ("X-Weir-Feature", ""),
    ])
    func `a header that says nothing sensible is refused`(name: String, value: String)
        async throws
    {
        let reply = try await Stage().send(
            .post, "/v1/chat/completions", key: tenantKey, fields: [(name, value)],
            body: Self.chat)
        #expect(reply.status == 400)
        #expect(reply.json?["error"]?["param"]?.string == name)
    }

    @Test(arguments: [
        ("/v1/chat/completions", "error.code"), ("/v1/messages", "error.type"),
        ("/v1beta/models/small:generateContent", "error.status"), ("/v1/responses", "error.code"),
        ("/v1/nothing", "error.code"), ("/v1beta/nothing", "error.status"),
    ])
    func `errors have the vendor's form, from the first one on`(path: String, member: String)
        async throws
    {
        for key in [nil, tenantKey] {
            let reply = try await Stage().send(.post, path, key: key, body: "[")
            #expect((400...404).contains(reply.status))
            let names = member.split(separator: ".").map(String.init)
            #expect(reply.json?[names[0]]?[names[1]] != nil, "\(reply.text)")
            #expect(reply.header("x-request-id") != nil)
        }
    }

    @Test func `a model with a slash in its name stands in a path as it is, or encoded`()
        async throws
    {
        for name in ["acme/small", "acme%2Fsmall"] {
            let stage = try Stage()
            let reply = try await stage.send(
                .post, "/v1beta/models/\(name):generateContent", key: tenantKey,
                body: #"{"contents":[{"parts":[{"text":"Hi"}]}]}"#)
            #expect(reply.status == 200, "\(reply.text)")
            #expect(stage.completions.last?.model.description == "acme/small")
        }
    }

    @Test(arguments: [("alt=sse", false), ("", true), ("alt=json", true)])
    func `a stream of Gemini's is an array unless events are asked for`(
        query: String, isArray: Bool
    ) async throws {
        let stage = try Stage()
        _ = try await stage.send(
            .post, "/v1/models/small:streamGenerateContent?\(query)", key: tenantKey,
            body: #"{"contents":[{"parts":[{"text":"Hi"}]}]}"#)
        guard case .chat(let client) = stage.completions.last?.work else {
            Issue.record("no chat")
            return
        }
        #expect(client.stream?.isArray == isArray)
    }

    @Test(arguments: [
        ("authorization", "Bearer ", "object"), ("x-api-key", "", "has_more"),
        ("x-goog-api-key", "", "models"),
    ])
    func `models are listed in the form of whoever asks`(
        header: String, scheme: String, member: String
    ) async throws {
        let stage = try Stage()
        let reply = try await stage.send(
            .get, "/v1/models", fields: [(header, scheme + tenantKey)])
        #expect(reply.status == 200 && reply.json?[member] != nil, "\(reply.text)")
        let one = try await stage.send(
            .get, "/v1/models/small", fields: [(header, scheme + tenantKey)])
        #expect(one.status == 200, "\(one.text)")
        let none = try await stage.send(
            .get, "/v1/models/none", fields: [(header, scheme + tenantKey)])
        #expect(none.status == 404)
    }
}
