import Synchronization
import Testing
import WeirCore
import WeirService
import WeirTesting

/// What becomes of a delivery, by what its receiver says.
@Suite struct WebhookDelivererTests {
    private let time = ManualTime()
    private let store = InMemoryWebhookStore()
    private let receiver = Receiver()

    private func deliverer(_ settings: WebhookSettings = WebhookSettings()) -> WebhookDeliverer {
        WebhookDeliverer(
            store: store, sender: receiver, seal: WebhookSeal(secrets: [Array("secret".utf8)]),
            settings: settings, time: time, dice: { UInt64.max / 2 })
    }

    private func add(_ number: Int64, tenant: Int64 = 42) throws {
        store.add(
            WebhookDelivery(
                sequence: number, id: "job_a-\(number)", tenant: try #require(TenantID(tenant)),
                url: "https://hooks.example/\(number)", body: Array("{}".utf8), attempts: 0),
            at: time.now())
    }

    @Test func `what is taken is done`() async throws {
        try add(1)
        receiver.say(.answered(status: 204, retryAfter: nil))
        #expect(await deliverer().deliverDue() == 1)
        #expect(
            store.attempts(of: 1)
                == [WebhookAttempt(.delivered(at: time.now()), outcome: "delivered")])
        #expect(await deliverer().deliverDue() == 0)
        let message = try #require(receiver.heard.first)
        #expect(message.url == "https://hooks.example/1")
        #expect(message.body == Array("{}".utf8))
    }

    @Test(
        arguments: [
            (WebhookAnswer.answered(status: 500, retryAfter: nil), 5_000, "500"),
            (.answered(status: 302, retryAfter: nil), 5_000, "302"),
            (.answered(status: 404, retryAfter: 3), 5_000, "404"),
            (.answered(status: 429, retryAfter: 120), 120_000, "429"),
            (.failed("no reply in time"), 5_000, "no reply in time"),
        ] as [(WebhookAnswer, Int64, String)])
    func `what isn't taken is tried again`(
        answer: WebhookAnswer, wait: Int64, outcome: String
    ) async throws {
        try add(1)
        receiver.say(answer)
        let deliverer = deliverer()
        await deliverer.deliverDue()
        let due = Timestamp(milliseconds: time.now().milliseconds + wait)
        #expect(store.attempts(of: 1) == [WebhookAttempt(.again(at: due), outcome: outcome)])
        #expect(await deliverer.deliverDue() == 0)
        time.set(due)
        receiver.say(.answered(status: 200, retryAfter: nil))
        #expect(await deliverer.deliverDue() == 1)
        #expect(receiver.heard.count == 2)
    }

    @Test func `who is gone isn't asked again`() async throws {
        try add(1)
        receiver.say(.answered(status: 410, retryAfter: nil))
        await deliverer().deliverDue()
        #expect(store.attempts(of: 1).map(\.result) == [.givenUp(at: time.now())])
    }

    @Test func `after eight tries it is given up`() async throws {
        try add(1)
        receiver.say(.failed("down"))
        let (deliverer, start) = (deliverer(), time.now())
        var tries = 0
        while tries < 20, await deliverer.deliverDue() == 1 {
            tries += 1
            if case .again(let due) = store.attempts(of: 1).last?.result { time.set(due) }
        }
        #expect(tries == 8)
        #expect(store.attempts(of: 1).last?.result == .givenUp(at: time.now()))
        let hours = (time.now().milliseconds - start.milliseconds) / 3_600_000
        #expect((22...24).contains(hours))
        #expect(Set(receiver.heard.map { $0.headers.id }) == ["job_a-1"])
    }

    @Test func `a tenant's slow server keeps nobody else waiting`() async throws {
        var settings = WebhookSettings()
        (settings.concurrency, settings.perTenant) = (3, 2)
        for number in 1...50 { try add(Int64(number)) }
        try add(51, tenant: 43)
        receiver.say(.answered(status: 200, retryAfter: nil))
        let gate = receiver.hold()
        let deliverer = deliverer(settings)
        async let first = deliverer.deliverDue()
        while receiver.heard.isEmpty { await Task.yield() }
        async let second = deliverer.deliverDue()
        while receiver.heard.count < 2 { await Task.yield() }
        #expect(receiver.heard.map(\.url).last == "https://hooks.example/51")
        gate.open()
        #expect(await first + second == 3)
    }

    @Test func `while a secret is replaced by another each one signs`() async throws {
        let (deliverer, secrets) = (deliverer(), ["new", "secret"].map { Array($0.utf8) })
        receiver.say(.answered(status: 200, retryAfter: nil))
        try add(1)
        await deliverer.deliverDue()
        deliverer.replace(WebhookSeal(secrets: secrets))
        try add(1)
        await deliverer.deliverDue()
        deliverer.replace(WebhookSeal(secrets: [secrets[0]]))
        try add(1)
        await deliverer.deliverDue()
        let signatures = receiver.heard.map { $0.headers.signatures }
        #expect(signatures.map(\.count) == [1, 2, 1])
        #expect(signatures[1] == signatures[2] + signatures[0])
    }

    @Test func `the signature is over id, time and body`() throws {
        let delivery = WebhookDelivery(
            sequence: 1, id: "job_a-1", tenant: try #require(TenantID(42)), url: "",
            body: Array(#"{"a":1}"#.utf8), attempts: 0)
        let own = try #require(TenantID(43))
        let seal = WebhookSeal(
            secrets: [Array("secret".utf8)], tenants: [own: [Array("another".utf8)]])
        let now = Timestamp(milliseconds: 1_700_000_000_999)
        #expect(
            seal.headers(delivery, at: now) == [
                HeaderField("content-type", "application/json"),
                HeaderField("weir-webhook-id", "job_a-1"),
                HeaderField("weir-webhook-timestamp", "1700000000"),
                HeaderField(
                    "weir-webhook-signature",
                    "v1=df4368987eb78c5fd4ca8e667c3d7d32"
                        + "e8c15a09f72752564047eba1262fe736"),
            ])
        let other = WebhookDelivery(
            sequence: 1, id: "job_a-1", tenant: own, url: "", body: delivery.body, attempts: 0)
        #expect(
            seal.headers(other, at: now).last?.value
                == "v1=a33dca7cc06883fa179c9b6a47f34bfb"
                + "7b8f00a28c4ce3e8993bef0efb0100a3")
    }
}

extension [HeaderField] {
    fileprivate var id: String? { first { $0.name == "weir-webhook-id" }?.value }

    fileprivate var signatures: [Substring] {
        first { $0.name == "weir-webhook-signature" }?.value.split(separator: ", ") ?? []
    }
}

/// Answers all alike, and can be told to wait with it.
private final class Receiver: WebhookSender {
    private struct State {
        var heard: [WebhookMessage] = []
        var answer = WebhookAnswer.failed("nothing was said")
        var gate: Gate?
    }
    private let state = Mutex(State())

    var heard: [WebhookMessage] { state.withLock { $0.heard } }

    func say(_ answer: WebhookAnswer) { state.withLock { $0.answer = answer } }

    func hold() -> Gate {
        let gate = Gate()
        state.withLock { $0.gate = gate }
        return gate
    }

    func send(_ message: WebhookMessage) async -> WebhookAnswer {
        let (answer, gate) = state.withLock { state in
            state.heard.append(message)
            return (state.answer, state.gate)
        }
        await gate?.wait()
        return answer
    }
}

/// Opens once, for everybody who waits.
private final class Gate: Sendable {
    private let isOpen = Mutex(false)

    func open() { isOpen.withLock { $0 = true } }

    func wait() async {
        while !isOpen.withLock({ $0 }) { await Task.yield() }
    }
}
