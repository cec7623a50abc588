@testable import WeirCore
@testable import WeirProviders

/// Server-sent events: the same however they are cut, and the same when written again.
func fuzzEvents(_ bytes: [UInt8]) {
    func items(_ pieces: [[UInt8]]) -> [ServerSentEvents.Item] {
        var events = ServerSentEvents()
        return pieces.flatMap { piece in
            do { return try events.feed(piece) } catch { fatalError("broken: \(error)") }
        }
    }
    let whole = items([bytes])
    require(whole == items(pieces(of: bytes)), "events depend on how they are cut")
    var written: [UInt8] = []
    for item in whole {
        switch item {
        case .event(let name, let data): EventFrame.append(name: name, data: data, to: &written)
        case .comment: written += EventFrame.keepAlive
        }
    }
    require(items([written]) == whole, "events change when they are written again")
}

/// JSON: what the strict parser takes the tolerant one takes too, and what is written again is
/// read as the same.
func fuzzJSON(_ bytes: [UInt8]) {
    let strict = try? JSONParser.parse(bytes, .request)
    let tolerant = try? JSONParser.parse(bytes, .reply)
    if let strict {
        require(tolerant == strict, "the tolerant parser reads something else")
        let again = try? JSONParser.parse(strict.encoded, .request)
        require(again == strict, "written JSON is read differently")
    }
    guard let value = tolerant else { return }
    let written = value.encoded
    let again = try? JSONParser.parse(written, .reply)
    require(again == value && again?.encoded == written, "written JSON is read differently")
    // Strings are compared as bytes: equal ones may be spelt differently.
    require(
        Int64(written.count) <= value.plainBytes + value.escapeGrowth,
        "more bytes than the bound: \(written.count)")
    visit(value)
}

/// Numbers of any form are read without a trap.
private func visit(_ value: JSON) {
    switch value {
    case .number:
        if let integer = value.integer {
            require(value.wholeNumber == integer, "two readings of an integer")
        }
        _ = value.wholeNumber
        _ = DecimalNumber(value, in: -1e308...1e308)
    case .array(let elements): elements.forEach(visit)
    case .object(let object): object.members.forEach { visit($0.value) }
    default: return
    }
}
