import Testing
import WeirCore

/// The charging table of the money protocol, row by row.
@Suite struct ChargeTests {
    static let price = ModelPrice(
        provider: "p", model: "m", contextWindow: 10_000, hiddenThoughts: .never,
        standard: RateCard(
            input: Rate(nanosPerMillion: 800_000_000), output: Rate(nanosPerMillion: 4_000_000_000)
        ), version: "test")
    let worst: WorstCase

    init() throws {
        worst = try #require(
            WorstCase(
                price: Self.price, input: InputBound(textBytes: 1_000, items: 1), outputCap: 400))
    }

    private func charge(_ end: Charge.End, billsErrors: Bool = false) -> Charge {
        Charge(
            end: end, worst: worst, price: Self.price, reasoning: nil, billsErrors: billsErrors)
    }

    @Test func `the worst case bounds every byte and the whole cap`() {
        #expect(worst.input == 1_000 + 64 + 16)
        #expect(worst.amount.nanos == 1_080 * 800 + 400 * 4_000 + 3)
    }

    @Test func `a reported usage costs what the contract says`() throws {
        let usage = try #require(TokenUsage(input: 312, output: 87))
        let charge = charge(.answered(Charge.Evidence(.reported(usage), bytes: 300)))
        #expect(charge.cost.usd == "0.000598")
        #expect(charge.basis == .reported && charge.status == .ok && charge.usage == usage)
    }

    @Test func `a usage above the hold is charged in full`() throws {
        let usage = try #require(TokenUsage(input: 9_000, output: 9_000))
        let charge = charge(.answered(Charge.Evidence(.reported(usage), bytes: 10)))
        #expect(charge.cost.nanos == 9_000 * 800 + 9_000 * 4_000)
        #expect(charge.cost > worst.amount && charge.basis == .reported)
    }

    @Test func `an absurd usage is charged at the worst case and flagged`() throws {
        let reports = [
            (10_001, 1), (0, 0), (0, 1),  // nothing was read
            (9, 0),  // nothing was written, and yet there is a text
        ].compactMap { TokenUsage(input: $0, output: $1) }.map { ReportedUsage.reported($0) }
        #expect(reports.count == 4)
        for report in reports + [.suspect("negative")] {
            let charge = charge(.answered(Charge.Evidence(report, bytes: 10)))
            #expect(charge.cost == worst.amount && charge.basis == .worstCase)
            #expect(charge.isUsageSuspect && !charge.isInDoubt)
        }
    }

    @Test func `an unreported usage is estimated from above`() {
        let charge = charge(.answered(Charge.Evidence(.absent, bytes: 50)))
        #expect(charge.basis == .estimated)
        #expect(charge.usage.input == worst.input && charge.usage.output == 50 + 16)
        #expect(charge.cost <= worst.amount)
        let long = self.charge(.answered(Charge.Evidence(.absent, bytes: 1 << 40)))
        #expect(long.usage.output == 400 && long.cost <= worst.amount)
    }

    @Test(arguments: [ProviderFailure.Kind.badRequest, .account, .rateLimited])
    func `a rejection costs nothing`(kind: ProviderFailure.Kind) {
        let charge = charge(.refused(kind))
        #expect(charge.cost == .zero && charge.status == .providerRejected)
    }

    @Test func `a provider's own failure costs nothing unless it bills for it`() {
        #expect(charge(.refused(.unavailable)).cost == .zero)
        #expect(charge(.refused(.unavailable), billsErrors: true).cost == worst.amount)
    }

    @Test(arguments: [Charge.End.lost, .refused(.unknown), .defective(.absent)])
    func `an unknown outcome is charged at the worst case`(end: Charge.End) {
        let charge = charge(end)
        #expect(charge.cost == worst.amount && charge.isInDoubt)
    }

    @Test func `what was proved not to be sent is void`() {
        let charge = charge(.notSent)
        #expect(charge.cost == .zero && charge.status == .notSent)
    }

    @Test(arguments: [
        (400, ProviderFailure.Kind.badRequest), (401, .account), (402, .account),
        (403, .account), (404, .badRequest), (413, .badRequest), (422, .badRequest),
        (429, .rateLimited), (500, .unavailable), (503, .unavailable), (529, .unavailable),
        (502, .unknown), (504, .unknown), (302, .unknown), (408, .unknown),
        (409, .unknown), (425, .unknown), (999, .unknown),
    ])
    func `a status means`(status: Int, kind: ProviderFailure.Kind) {
        #expect(ProviderFailure.kind(status: status) == kind)
    }
}
