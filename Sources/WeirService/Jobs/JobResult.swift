import WeirCore

/// The result of a job of several calls: their answers in order, and what all of them used.
struct JobResult {
    /// Bytes that a store keeps as one result.
    static let limit = 64 << 20

    let body: [UInt8]

    /// Nil where it would be longer than a result may be.
    /// - Parameter answers: one for each call, by number.
    init?(_ answers: [JobCallAnswer]) {
        let size = answers.reduce(0) { $0 + $1.body.count + 1 }
        guard size < JobResult.limit - 256 else { return nil }
        var writer = JSONWriter(capacity: size + 256)
        var totals = Totals()
        writer.beginObject()
        writer.name("results")
        writer.beginArray()
        for answer in answers {
            writer.raw(String(decoding: answer.body, as: UTF8.self))
            if !answer.isError { totals.add(answer.body) }
        }
        writer.endArray()
        writer.member("failed", Int64(answers.count { $0.isError }))
        writer.member("input_tokens", totals.input)
        writer.member("output_tokens", totals.output)
        writer.name("cost_usd")
        writer.raw(totals.cost.usd)
        writer.endObject()
        body = writer.bytes
    }
}

/// Sums that stop at the end of their range rather than trap.
private struct Totals {
    var input: Int64 = 0
    var output: Int64 = 0
    var cost = Money.zero

    mutating func add(_ envelope: [UInt8]) {
        // The envelope is this program's own; one that can't be read adds nothing.
        guard let json = try? JSONParser.parse(envelope, .init()) else { return }
        input = sum(input, json["input_tokens"])
        output = sum(output, json["output_tokens"])
        guard case .number(let text) = json["cost_usd"], let more = Money(decimalUSD: text) else {
            return
        }
        let (nanos, over) = cost.nanos.addingReportingOverflow(more.nanos)
        cost = Money(nanos: over ? .max : nanos)
    }

    private func sum(_ total: Int64, _ more: JSON?) -> Int64 {
        let (sum, over) = total.addingReportingOverflow(max(more?.integer ?? 0, 0))
        return over ? .max : sum
    }
}
