@testable import WeirCore
@testable import WeirProviders

/// A streamed reply: the same however it is cut, ended by its end mark alone, and the same to
/// clients of all wires.
func fuzzStream(_ bytes: [UInt8], _ wire: Wire) {
    let decoder = speaker(of: wire).replyStream(wire: wire, includesUsage: false)
    let whole = Told(decoder, [bytes])
    let cut = Told(decoder, pieces(of: bytes))
    require(whole.steps == cut.steps, "the stream depends on how it is cut")
    require(whole.defect == cut.defect, "the defect depends on how it is cut")
    whole.checkOrder()
    if whole.hasEnded { require(hasEndMark(bytes, wire), "ended without its end mark") }
    relay(whole, wire)
    guard whole.defect == nil, !whole.hasFailed else { return }
    for client in ClientDialects.chat { translate(whole, client) }
}

/// What a stream says.
struct Told {
    var steps: [StreamStep] = []
    var defect: String?
    var text = ""
    var names: [String] = []
    var finish: FinishReason?
    var hasFailed = false
    var hasEnded = false

    init(_ decoder: any ReplyStreamDecoder, _ pieces: [[UInt8]]) {
        var decoder = decoder
        do throws(ReplyDefect) {
            for piece in pieces { steps += try decoder.feed(piece) }
            steps += try decoder.finish()
        } catch {
            defect = error.reason
        }
        for event in steps.flatMap(\.events) {
            switch event {
            case .text(let more): text += more
            case .toolCall(_, _, let name, _): names.append(name)
            case .finish(let reason, _): finish = reason
            case .failed: hasFailed = true
            case .ended: hasEnded = true
            default: continue
            }
        }
    }

    /// Calls are numbered as they begin, arguments belong to one that has begun, and nothing is
    /// generated behind the end.
    func checkOrder() {
        var calls = 0
        var isOver = false
        for event in steps.flatMap(\.events) {
            if event.isToken { require(!isOver, "tokens behind the end") }
            switch event {
            case .toolCall(let index, _, _, _):
                require(index == calls, "call \(index) is number \(calls)")
                calls += 1
            case .toolArguments(let index, _): require(index < calls, "arguments of no call")
            case .ended:
                require(!isOver, "two ends")
                isOver = true
            default: continue
            }
        }
    }
}

private func hasEndMark(_ bytes: [UInt8], _ wire: Wire) -> Bool {
    let text = String(decoding: bytes, as: UTF8.self)
    let marks: [String] =
        switch wire {
        case .chatCompletions: ["[DONE]"]
        case .messages: ["message_stop"]
        case .generateContent: ["finishReason", "blockReason"]
        default: ["response.completed", "response.incomplete"]
        }
    // Within JSON any letter may be written as an escape.
    return (marks + ["\\u"]).contains { text.contains($0) }
}

/// A client of the same wire gets the data of what is forwarded and withheld, and nothing else.
private func relay(_ told: Told, _ wire: Wire) {
    guard let client = ClientDialects.chat.first(where: { $0.wire == wire }) else { return }
    var encoder = client.stream(context, StreamOptions())
    var bytes: [UInt8] = []
    for step in told.steps where step == .keepAlive || step.relay == .forward {
        bytes += encoder.relay(step)
    }
    let withheld = told.steps.filter { $0.relay == .withhold }
    if !withheld.isEmpty { bytes += encoder.complete(end(of: told), withheld: withheld) }
    var events = ServerSentEvents()
    let sent = (try? events.feed(bytes)) ?? []
    let data = sent.compactMap { item -> [UInt8]? in
        if case .event(_, let data) = item { data } else { nil }
    }
    let forwarded = told.steps.filter { $0.relay == .forward && !$0.data.isEmpty }
    let kept = (forwarded + withheld.filter { !$0.data.isEmpty }).map(\.data)
    require(data == kept, "\(wire): relayed \(data.count) events of \(kept.count)")
}

private func end(of told: Told) -> StreamEnd {
    StreamEnd(finish: told.finish ?? .other, usage: .zero, cost: .zero)
}

private func translate(_ told: Told, _ client: any ClientDialect) {
    var encoder = client.stream(context, StreamOptions(includesUsage: true))
    var bytes = told.steps.flatMap { encoder.encode($0.events) }
    let reader = speaker(of: client.wire).replyStream(wire: client.wire, includesUsage: true)
    require(!Told(reader, [bytes]).hasEnded, "\(client.wire): ends before its end")
    bytes += encoder.complete(end(of: told), withheld: [])
    let again = Told(reader, [bytes])
    if told.names.contains("") { return }
    require(again.defect == nil, "\(client.wire): \(again.defect ?? "")")
    require(again.hasEnded && !again.hasFailed, "\(client.wire): never ends")
    require(again.text.utf8.elementsEqual(told.text.utf8), "\(client.wire): another text")
    require(again.names == told.names, "\(client.wire): other calls")
}
