import Foundation

/// The embeddings of OpenAI and compatible servers.
enum OpenAIEmbeddingsDialect: SandboxDialect {
    static func validate(
        _ body: SandboxJSON, _ route: SandboxRoute
    ) throws(SandboxFailure) {
        try EmbeddingRules.checkOpenAI(body, route.provider)
    }

    static func call(_ body: SandboxJSON, _ route: SandboxRoute) -> SandboxCall {
        var call = SandboxCall(
            provider: route.provider, endpoint: .embeddings, model: body["model"]?.string ?? "")
        let items = body["input"]?.array ?? [body["input"] ?? .null]
        if items.allSatisfy({ $0.integer != nil }) {
            call.inputs = [nil]
            call.inputTokens = items.count
        } else {
            call.inputs = items.map(\.string)
            for item in items {
                call.inputTokens +=
                    item.string.map { SandboxTokenizer.tokens($0) } ?? item.array?.count ?? 0
            }
        }
        call.lastUserText = call.inputs.last.flatMap { $0 } ?? ""
        call.wantsBase64 = body["encoding_format"]?.string == "base64"
        call.dimensions =
            body["dimensions"]?.integer ?? (call.model.contains("large") ? 3_072 : 1_536)
        return call
    }

    static func reply(_ turn: SandboxTurn) -> SandboxReply {
        let call = turn.call
        let inputs = turn.isEmpty ? [] : call.inputs
        let data = inputs.enumerated().map { index, text in
            let vector = SandboxVector(of: text ?? "", dimensions: call.dimensions ?? 1_536)
            let embedding = call.wantsBase64 ? "\"\(vector.base64)\"" : vector.json
            return "{\"object\":\"embedding\",\"index\":\(index),\"embedding\":\(embedding)}"
        }
        let report = turn.report
        let told = report.count(report.told.input)
        let usage = report.member("usage", [("prompt_tokens", told), ("total_tokens", told)])
        let body =
            "{\"object\":\"list\",\"data\":[\(data.joined(separator: ","))],"
            + "\"model\":\(SandboxJSON.quote(call.model))\(usage)}"
        return SandboxReply(body: body, reportsUsage: report.isReported)
    }
}

/// A unit vector that depends on the text alone.
struct SandboxVector {
    private let values: [Float]

    init(of text: String, dimensions: Int) {
        var state: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in text.utf8 { state = (state ^ UInt64(byte)) &* 0x100_0000_01B3 }
        var raw: [Float] = []
        for _ in 0..<dimensions {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            raw.append(Float(state >> 40) / Float(1 << 23) - 1)
        }
        let length = raw.reduce(0) { $0 + $1 * $1 }.squareRoot()
        values = raw.map { $0 / max(length, .leastNormalMagnitude) }
    }

    var json: String { "[\(values.map { "\($0)" }.joined(separator: ","))]" }

    /// Little-endian 32-bit floats.
    var base64: String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(values.count * 4)
        for value in values {
            let bits = value.bitPattern
            for shift in stride(from: UInt32(0), to: 32, by: 8) {
                bytes.append(UInt8(truncatingIfNeeded: bits >> shift))
            }
        }
        return Data(bytes).base64EncodedString()
    }
}
