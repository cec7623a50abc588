import Testing
import WeirCore
import WeirProviders

/// Every recorded answer of a priced model, as if it had come without its usage.
@Suite("Recorded answers without their usage")
struct RecordedEstimateTests {
    @Test(
        "are charged no less than with it",
        .enabled(if: Recordings.folder != nil, Comment(rawValue: Recordings.absence)))
    func estimates() throws {
        let book = try PriceBook(json: builtInPriceBook)
        let moment = try #require(Timestamp(utcDay: "2026-08-23"))
        var counts: [String: Int] = [:]
        for exchange in RecordedExchange.all.exchanges {
            guard let answer = try exchange.answer(priced: book, at: moment) else { continue }
            let (charged, reported) = (answer.withoutUsage.usage.output, answer.reported)
            let model = answer.price.model
            #expect(charged >= reported, "\(model) \(exchange.id): \(answer.evidence)")
            counts[answer.withoutUsage.usage.output == answer.cap ? "cap" : "bytes", default: 0] +=
                1
        }
        print("recorded answers, charged without usage by: \(counts)")
        #expect(counts["bytes", default: 0] >= 150 && counts["cap", default: 0] >= 100)
    }
}

/// A recorded answer with the output tokens that its provider reported.
private struct RecordedAnswer {
    let price: ModelPrice
    let reasoning: ReasoningEffort?
    let worst: WorstCase
    let evidence: Charge.Evidence
    let reported: Int64
    let cap: Int64 = 100_000

    /// Nil where the answer has no usage, or isn't whole.
    init?(
        _ exchange: RecordedExchange, _ wire: Wire, _ request: ClientRequest, _ price: ModelPrice
    ) throws {
        self.price = price
        reasoning = request.chat.reasoning
        let bound = InputBound(textBytes: 1_000, items: 1)
        worst = try #require(WorstCase(price: price, input: bound, outputCap: cap))
        var meter = StreamMeter()
        if exchange.isStream {
            for step in try exchange.readSteps(wire) { meter.add(step.events) }
        } else {
            meter.add(try exchange.readWhole(wire).events)
        }
        guard case .answered(let seen) = meter.end, case .reported(let usage) = seen.usage else {
            return nil
        }
        reported = usage.output
        evidence = Charge.Evidence(
            .absent, bytes: seen.bytes, calls: seen.calls, hasThoughts: seen.hasThoughts)
    }

    var withoutUsage: Charge {
        Charge(end: .answered(evidence), worst: worst, price: price, reasoning: reasoning)
    }
}

extension RecordedExchange {
    /// Nil where it has none, where its model has no price, and where its request would be refused.
    fileprivate func answer(
        priced book: PriceBook, at moment: Timestamp
    ) throws -> RecordedAnswer? {
        guard (200..<300).contains(status), let wire,
            let client = ClientDialects.chat.first(where: { $0.wire == wire }),
            let name = model?.description ?? request["model"]?.string,
            let price = book.price(provider: provider, model: name, at: moment)
        else { return nil }
        let read: ClientRequest
        do {
            read = try client.decode(request, model: model, isStream: isStream)
        } catch {
            return nil
        }
        return try RecordedAnswer(self, wire, read, price)
    }
}

extension ChatReply {
    /// The same answer as a stream would tell it.
    fileprivate var events: [ChatEvent] {
        var events: [ChatEvent] = thinking.flatMap { thought in
            [.thinking(thought.text)] + (thought.signature.map { [.thinkingSignature($0)] } ?? [])
        }
        events.append(.text(text))
        for (index, call) in toolCalls.enumerated() {
            events.append(
                .toolCall(index: index, id: call.id, name: call.name, signature: call.signature))
            events.append(.toolArguments(index: index, call.arguments.text))
        }
        return events + [.finish(finish, stopSequence: nil), .usage(usage), .ended]
    }
}
