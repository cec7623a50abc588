import Foundation
import WeirCore

/// The entry of libFuzzer. Which target it drives is named by `WEIR_FUZZ`; see `fuzz.sh`.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    target(Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
}

private let target: @Sendable ([UInt8]) -> Void = {
    let name = ProcessInfo.processInfo.environment["WEIR_FUZZ"] ?? ""
    guard let target = targets[name] else {
        fatalError("WEIR_FUZZ must be one of \(targets.keys.sorted().joined(separator: " "))")
    }
    return target
}()

private let targets: [String: @Sendable ([UInt8]) -> Void] = {
    var all: [String: @Sendable ([UInt8]) -> Void] = [
        "sse": fuzzEvents, "json": fuzzJSON, "template": fuzzTemplate, "markdown": fuzzMarkdown,
    ]
    for (name, wire) in wires {
        all["request-\(name)"] = { fuzzRequest($0, wire) }
        all["reply-\(name)"] = { fuzzReply($0, wire) }
        all["stream-\(name)"] = { fuzzStream($0, wire) }
    }
    return all
}()

private let wires: [(String, Wire)] = [
    ("chat", .chatCompletions), ("responses", .responses), ("messages", .messages),
    ("gemini", .generateContent),
]

/// Ends the run with the input that broke the rule.
func require(_ holds: Bool, _ rule: @autoclosure () -> String) {
    if !holds { fatalError("broken: \(rule())") }
}

/// What has to be there for the fuzzing to make sense.
func sure<Value>(_ value: Value?) -> Value {
    guard let value else { fatalError("the target itself is wrong") }
    return value
}

/// The input in pieces, whose sizes the input itself determines, so that a seed is plain text.
func pieces(of bytes: [UInt8]) -> [[UInt8]] {
    var state = bytes.reduce(UInt64(0xCBF2_9CE4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    let most = UInt64(1) << (state % 6)
    var pieces: [[UInt8]] = []
    var rest = bytes[...]
    while !rest.isEmpty {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        let length = 1 + Int((state >> 33) % most)
        pieces.append(Array(rest.prefix(length)))
        rest = rest.dropFirst(length)
    }
    return pieces
}
