import Foundation
import WeirCore

/// Changes JSON as JSON, and streams event by event, since changes of single bytes hardly ever
/// leave anything that can be read. Every fourth time libFuzzer does what it does.
@_cdecl("LLVMFuzzerCustomMutator")
public func mutate(
    _ start: UnsafeMutablePointer<UInt8>, _ count: Int, _ limit: Int, _ seed: UInt32
) -> Int {
    var dice = Dice(state: UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 | 1)
    guard dice.below(4) > 0 else { return plainMutate(start, count, limit) }
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    let changed = JSONChange(dice: dice).changed(bytes)
    guard let changed, changed.count <= limit else { return plainMutate(start, count, limit) }
    _ = UnsafeMutableBufferPointer(start: start, count: limit).update(fromContentsOf: changed)
    return changed.count
}

@_silgen_name("LLVMFuzzerMutate")
private func plainMutate(
    _ start: UnsafeMutablePointer<UInt8>, _ count: Int, _ limit: Int
) -> Int

/// Random numbers that follow from libFuzzer's seed.
struct Dice {
    var state: UInt64

    mutating func below(_ limit: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % UInt64(max(1, limit)))
    }

    mutating func pick<Value>(_ values: [Value]) -> Value { values[below(values.count)] }
}

private struct JSONChange {
    var dice: Dice
    /// How many values are to be passed before the one that is changed.
    private var rest = 0
    private var other = JSON.null

    init(dice: Dice) { self.dice = dice }

    /// Nil where the input is neither JSON nor events with JSON.
    func changed(_ bytes: [UInt8]) -> [UInt8]? {
        var copy = self
        if let value = try? JSONParser.parse(bytes, .reply) { return copy.change(value).encoded }
        return copy.change(stream: bytes)
    }

    private mutating func change(stream bytes: [UInt8]) -> [UInt8]? {
        var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map(Array.init)
        let data = lines.indices.filter { lines[$0].starts(with: "data: {".utf8) }
        guard !data.isEmpty else { return nil }
        let place = dice.pick(data)
        switch dice.below(8) {
        case 0: lines.remove(at: place)
        case 1: lines.insert(contentsOf: [lines[place], []], at: place)
        case 2: lines.swapAt(place, dice.pick(data))
        default:
            let json = lines[place].dropFirst(6).filter { $0 != 0x0D }
            guard let value = try? JSONParser.parse(Array(json), .reply) else { return nil }
            lines[place] = Array("data: ".utf8) + change(value).encoded
        }
        return Array(lines.joined(separator: [0x0A]))
    }

    private mutating func change(_ value: JSON) -> JSON {
        let nodes = nodes(of: value)
        other = dice.pick(nodes)
        rest = dice.below(nodes.count)
        return walk(value)
    }

    private func nodes(of value: JSON) -> [JSON] {
        switch value {
        case .array(let elements): [value] + elements.flatMap(nodes)
        case .object(let object): [value] + object.members.flatMap { nodes(of: $0.value) }
        default: [value]
        }
    }

    /// Counts down in the order of `nodes`, and replaces the value where it comes to nothing.
    private mutating func walk(_ value: JSON) -> JSON {
        rest -= 1
        if rest == -1 { return replaced(value) }
        switch value {
        case .array(let elements): return .array(elements.map { walk($0) })
        case .object(let object):
            return .object(
                JSONObject(object.members.map { .init(name: $0.name, value: walk($0.value)) }))
        default: return value
        }
    }

    private mutating func replaced(_ value: JSON) -> JSON {
        switch (dice.below(6), value) {
        case (0, .array(var elements)) where !elements.isEmpty:
            elements.remove(at: dice.below(elements.count))
            return .array(elements)
        case (1, .array(var elements)):
            elements.insert(other, at: dice.below(elements.count + 1))
            return .array(elements)
        case (0, .object(let object)) where !object.members.isEmpty:
            var members = object.members
            members.remove(at: dice.below(members.count))
            return .object(JSONObject(members))
        case (1...2, .object(var object)):
            object.append(dice.pick(words), other)
            return .object(object)
        case (0...2, .string): return .string(dice.pick(words))
        case (3, _): return other
        default: return dice.pick(oddities)
        }
    }
}

private let oddities: [JSON] = [
    .null, true, false, 0, 1, -1, .number("1.5"), .number("1e308"), .number("-0"),
    .number("9223372036854775807"), .number("1099511627776"), "", "x", "\u{0}", "é\u{301}", "{}",
    "{\"x\":1}", "data:image/png;base64,QUJD", "https://example.com/a.pdf", [], [:], [[]],
    ["": ""],
]

/// The words of all wires.
private let words: [String] = {
    let path = ProcessInfo.processInfo.environment["WEIR_FUZZ_WORDS"] ?? ""
    let lines = (try? String(contentsOfFile: path, encoding: .utf8))?.split(separator: "\n") ?? []
    return ["x", ""] + lines.map { String($0.dropFirst().dropLast()) }
}()
