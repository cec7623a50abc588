import Testing
import WeirCore

/// What an answer without a final usage is charged: never less than may have been generated.
@Suite struct UnreportedOutputTests {
    /// The cap is 400 tokens.
    private func charge(
        _ evidence: Charge.Evidence, thoughts: HiddenThoughts? = .never,
        asked: ReasoningEffort? = nil, choices: Int64 = 1, isCut: Bool = true
    ) throws -> Charge {
        let price = ModelPrice(
            provider: "p", model: "m", contextWindow: 10_000, hiddenThoughts: thoughts,
            standard: RateCard(
                input: Rate(nanosPerMillion: 800_000_000),
                output: Rate(nanosPerMillion: 4_000_000_000)), version: "test")
        let bound = InputBound(textBytes: 1_000, items: 1)
        let worst = try #require(
            WorstCase(price: price, input: bound, outputCap: 400 / choices, choices: choices))
        return Charge(
            end: isCut ? .cut(evidence) : .answered(evidence), worst: worst, price: price,
            reasoning: asked)
    }

    private func report(input: Int64, output: Int64) throws -> ReportedUsage {
        .reported(try #require(TokenUsage(input: input, output: output)))
    }

    @Test(
        arguments: [
            // What the price book says, what the request asks for, whether thoughts were seen;
            // whether there may be more than was seen.
            (HiddenThoughts.never, nil, false, false),
            (.never, .word("high"), true, false),
            (.onRequest, nil, false, false),
            (.onRequest, .word("none"), false, false),
            (.onRequest, .tokens(0), false, false),
            (.onRequest, nil, true, true),
            (.onRequest, .word("minimal"), false, true),
            (.onRequest, .tokens(1_024), false, true),
            (.onRequest, .adaptive, false, true),
            (.byDefault, nil, false, true),
            (.byDefault, .word("low"), false, true),
            (.byDefault, .word("none"), false, false),
            (.byDefault, .tokens(0), false, false),
            (.byDefault, .word("none"), true, true),
            (.always, .word("none"), false, true),
            (.always, nil, false, true),
            (nil, .word("none"), false, true),
        ] as [(HiddenThoughts?, ReasoningEffort?, Bool, Bool)])
    func `thoughts that nobody saw are charged as the rest of the cap`(
        thoughts: HiddenThoughts?, asked: ReasoningEffort?, areSeen: Bool, areCharged: Bool
    ) throws {
        for isCut in [false, true] {
            for (usage, isFinal) in [(.absent, true), (try report(input: 12, output: 1), false)] {
                let evidence = Charge.Evidence(
                    usage, isFinal: isFinal, bytes: 50, hasThoughts: areSeen)
                let charge = try charge(evidence, thoughts: thoughts, asked: asked, isCut: isCut)
                #expect(charge.usage.output == (areCharged ? 400 : 50 + 16))
                #expect(charge.basis == .estimated && !charge.isInDoubt && !charge.isUsageSuspect)
                #expect(charge.status == (isCut ? .streamCut : .ok))
            }
        }
    }

    @Test func `the whole cap and the bound of the input are the worst case`() throws {
        let charge = try charge(Charge.Evidence(.absent, bytes: 50), thoughts: .always)
        #expect(charge.usage.input == 1_080)
        #expect(charge.cost.nanos == 1_080 * 800 + 400 * 4_000 + 3)
    }

    @Test func `what a final report says is charged, whatever the model hides`() throws {
        for isCut in [false, true] {
            let evidence = Charge.Evidence(
                try report(input: 12, output: 34), bytes: 50, hasThoughts: true)
            let charge = try charge(evidence, thoughts: .always, isCut: isCut)
            #expect(charge.basis == .reported && charge.cost.nanos == 12 * 800 + 34 * 4_000)
        }
    }

    @Test(arguments: [(HiddenThoughts.never, Int64(300)), (.always, 400), (.always, 900)])
    func `a report before the end is the least that is charged`(
        thoughts: HiddenThoughts, output: Int64
    ) throws {
        let evidence = Charge.Evidence(
            try report(input: 12, output: output == 400 ? 399 : output), isFinal: false, bytes: 50)
        let charge = try charge(evidence, thoughts: thoughts)
        #expect(charge.usage.output == output && charge.usage.input == 12)
        #expect(charge.cost.nanos == 12 * 800 + output * 4_000)
    }

    @Test func `of several answers those that nobody counted are charged as the rest of the cap`()
        throws
    {
        let charge = try charge(Charge.Evidence(.absent, bytes: 50), choices: 2)
        #expect(charge.usage.output == 400)
    }

    @Test func `every call of a tool has its framing`() throws {
        let calls = try charge(Charge.Evidence(.absent, bytes: 50, calls: 2))
        #expect(calls.usage.output == 50 + 16 + 2 * 64)
        let many = try charge(Charge.Evidence(.absent, bytes: .max, calls: .max))
        #expect(many.usage.output == 400)
    }

    @Test func `an absurd report before the end is charged at the worst case`() throws {
        let reports = [try report(input: 0, output: 1), try report(input: 10_001, output: 1)]
        for usage in reports + [.suspect("negative")] {
            let charge = try charge(Charge.Evidence(usage, isFinal: false, bytes: 50))
            #expect(charge.isUsageSuspect && charge.basis == .worstCase)
        }
    }
}
