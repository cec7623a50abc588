import WeirCore

/// Reads the plain stream: lines that are a text, `usage INPUT OUTPUT`, `fail`, or `end`.
struct PlainStreamDecoder: ReplyStreamDecoder {
    private var line: [UInt8] = []

    mutating func feed(_ bytes: [UInt8]) throws(ReplyDefect) -> [StreamStep] {
        var steps: [StreamStep] = []
        for byte in bytes {
            guard byte == 0x0A else {
                line.append(byte)
                continue
            }
            steps.append(try step(String(decoding: line, as: UTF8.self)))
            line = []
        }
        return steps
    }

    mutating func finish() throws(ReplyDefect) -> [StreamStep] { [] }

    private func step(_ text: String) throws(ReplyDefect) -> StreamStep {
        let words = text.split(separator: " ")
        let data = Array(text.utf8)
        switch words.first {
        case "end": return StreamStep(name: nil, data: data, events: [.ended], relay: .withhold)
        case "garbage": throw ReplyDefect("no event")
        case "fail":
            let failure = ProviderFailure(kind: .unavailable, message: "overloaded")
            return StreamStep(name: nil, data: data, events: [.failed(failure)], relay: .drop)
        case "usage" where words.count == 3:
            let usage = Int64(words[1]).flatMap { input in
                Int64(words[2]).flatMap { TokenUsage(input: input, output: $0) }
            }
            let report = usage.map(ReportedUsage.reported) ?? .suspect("no numbers")
            return StreamStep(name: nil, data: data, events: [.usage(report)], relay: .drop)
        default: return StreamStep(name: nil, data: data, events: [.text(text)])
        }
    }
}
