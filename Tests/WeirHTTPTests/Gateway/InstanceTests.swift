import HTTPTypes
import Logging
import Testing
import WeirCore
import WeirService
import WeirTesting

@testable import WeirHTTP

/// An instance of the AI service as its gateway sees it: it says what a call used, and says it to
/// nobody else.
@Suite struct InstanceTests {
    private static let seal = IdentitySeal(
        secrets: [Array("a secret of thirty-two characters".utf8)])
    private static let body = #"{"tenant_id": 42, "model": "small", "user_message": "Hi"}"#

    /// An instance whose pipeline does what is asked, and a sealed identity for one call to it.
    ///
    /// - Parameter audience: nil: this instance.
    private func ask(
        isVouched: Bool, for audience: InstanceID? = nil,
        complete: @escaping @Sendable (CompletionCall) async throws(WeirError) -> CompletionOutcome
    ) async throws -> Reply {
        let stage = try Stage()
        var use = stage.use(complete: complete)
        let gate = IdentityGate(
            Self.seal, isOnlyDoor: false, time: stage.time,
            random: { [UInt8](repeating: 0xAB, count: $0) })
        use.identities = gate
        let dispatcher = Dispatcher(
            use, settings: ServerSettings(), logger: Logger(label: "test"))
        var headers: HTTPFields = [.contentType: "application/json"]
        let bytes = Array(Self.body.utf8)
        if isVouched {
            let identity = CallerIdentity(
                audience: audience ?? gate.instance, request: try slug("req_of_the_gateway"),
                caller: Caller(key: try slug("key_far"), role: .service, reach: .all),
                issuedAt: stage.time.now(),
                nonce: try #require(CallerIdentity.Nonce([UInt8](repeating: 7, count: 16))),
                bodyDigest: sha256(bytes))
            headers[.weirIdentity] = try Self.seal.seal(
                identity, method: "POST", target: "/ai/complete")
        } else {
            headers[.authorization] = "Bearer \(Stage.Token.service.rawValue)"
        }
        let head = CallHead(method: .post, target: "/ai/complete", headers: headers)
        return Reply(answer: await dispatcher.respond(to: head) { _ in bytes })
    }

    @Test(arguments: [true, false])
    func `an answer says what it used, to a gateway alone`(isVouched: Bool) async throws {
        let answer = try Stage().completions
        let reply = try await ask(isVouched: isVouched) { call throws(WeirError) in
            call.meter?.add(15)
            return try await answer.complete(call)
        }
        #expect(reply.status == 200)
        #expect(reply.header("x-weir-tokens") == (isVouched ? "15" : nil))
    }

    @Test(arguments: [true, false])
    func `an error after an attempt says it too`(isVouched: Bool) async throws {
        let reply = try await ask(isVouched: isVouched) { call throws(WeirError) in
            call.meter?.add(7)
            throw WeirError(.providerError, "failed")
        }
        #expect(reply.status == 502)
        #expect(reply.header("x-weir-error") == "provider_error")
        #expect(reply.header("x-weir-tokens") == (isVouched ? "7" : nil))
    }

    @Test func `a call that counts nothing says nothing`() async throws {
        let reply = try await ask(isVouched: true) { _ throws(WeirError) in
            throw WeirError(.budgetExceeded, "nothing is left")
        }
        #expect(reply.header("x-weir-error") == "ai_budget_exceeded")
        #expect(reply.header("x-weir-tokens") == nil)
    }

    @Test func `the request has the gateway's id`() async throws {
        let answer = try Stage().completions
        let reply = try await ask(isVouched: true, complete: answer.complete)
        #expect(reply.header("x-request-id") == "req_of_the_gateway")
        #expect(answer.last?.caller.key.description == "key_far")
    }

    @Test func `what is for another instance is refused, and told whose this is`() async throws {
        let answer = try Stage().completions
        let reply = try await ask(
            isVouched: true, for: try slug("another"), complete: answer.complete)
        #expect((reply.status, reply.header("x-weir-error")) == (401, "unauthorized"))
        #expect(reply.header("x-weir-instance") == String(repeating: "ab", count: 16))
        #expect(answer.last == nil)
    }

    @Test func `every answer says the id, and none where no identity is believed`() async throws {
        let stage = try Stage()
        var use = stage.use
        let gate = IdentityGate(Self.seal, isOnlyDoor: true, time: stage.time)
        use.identities = gate
        let instance = stage.serving(use)
        for target in ["/health", "/health/live", "/health/ready", "/nowhere", "/ai/budget"] {
            let reply = try await instance.send(.get, target)
            #expect(reply.header("x-weir-instance") == gate.instance.description, "\(target)")
            #expect(try await stage.send(.get, target).header("x-weir-instance") == nil)
        }
        let malformed = Reply(
            answer: instance.dispatcher.refuse(WeirError(.invalidRequest, "what?")))
        #expect(malformed.header("x-weir-instance") == gate.instance.description)
    }

    @Test func `a stream says it behind its end`() async throws {
        let meter = CallMeter()
        var body = MeteredBody(Pieces([[1], [2]]), meter)
        #expect(try await body.next() == [1])
        #expect(body.trailers == nil)
        meter.add(9)
        #expect(try await body.next() == [2])
        #expect(try await body.next() == nil)
        #expect(body.trailers == [.tokens: "9"])
    }

    @Test func `every error says its code, whoever asks in whatever form`() async throws {
        let stage = try Stage()
        for (target, code) in [
            ("/nowhere", "not_found"), ("/v1/nowhere", "not_found"), ("/ai/usage", "unauthorized"),
            ("/v1/models", "unauthorized"), ("/v1beta/models", "unauthorized"),
        ] {
            let reply = try await stage.send(.get, target)
            #expect(reply.header("x-weir-error") == code, "\(target)")
        }
        #expect(try await stage.send(.get, "/health").header("x-weir-error") == nil)
    }
}

private struct Pieces: StreamedBody {
    private var pieces: [[UInt8]]
    let trailers: HTTPFields? = nil

    init(_ pieces: [[UInt8]]) { self.pieces = pieces }

    mutating func next() -> [UInt8]? { pieces.isEmpty ? nil : pieces.removeFirst() }
    func abandon() {}
}
