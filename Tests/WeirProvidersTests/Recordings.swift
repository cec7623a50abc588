import Foundation
import WeirCore

/// Real exchanges with providers, and what a second reader (`Tests/Oracle/recordings.py`) makes of
/// them. They live beside the project, not in it: in the folder that `WEIR_RECORDINGS` names, or in
/// `../shared/recordings`.
enum Recordings {
    static let absence: String = "no recordings: set WEIR_RECORDINGS to their folder"

    /// The folder, where there is one.
    static let folder: String? = {
        let named = ProcessInfo.processInfo.environment["WEIR_RECORDINGS"]
        let path = named ?? root.appending(path: "../shared/recordings").path
        return FileManager.default.fileExists(atPath: path) ? path : nil
    }()

    static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// All recordings that weren't streamed, in the order of their files' names.
    static func load() throws -> [Recording] {
        guard let folder else { return [] }
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        return try names.filter { $0.hasSuffix(".jsonl") }.flatMap { name in
            let bytes = try Data(contentsOf: URL(filePath: folder).appending(path: name))
            return try lines(Array(bytes)).map(Recording.init).filter { !$0.isStream }
        }
    }

    /// What the oracle reads in them, by recording.
    static func expectations() throws -> [String: ExpectedReply] {
        guard let folder else { return [:] }
        let script = root.appending(path: "Tests/Oracle/recordings.py").path
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", script, folder]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw RecordingError(reason: "the oracle ended with \(process.terminationStatus)")
        }
        let replies = try lines(Array(bytes)).map(ExpectedReply.init)
        return Dictionary(uniqueKeysWithValues: replies.map { ($0.id, $0) })
    }

    private static func lines(_ bytes: [UInt8]) throws -> [JSON] {
        try bytes.split(separator: UInt8(ascii: "\n")).map {
            try JSONParser.parse(Array($0), .reply)
        }
    }
}

struct RecordingError: Error { let reason: String }

/// One exchange. Bodies are written again from their parsed form, numbers digit by digit.
struct Recording {
    let id: String
    let provider: String
    let path: String
    let status: Int64
    let isStream: Bool
    let request: JSON
    var reply: [UInt8]

    init(_ json: JSON) throws {
        guard let id = json["id"]?.string, let provider = json["provider"]?.string,
            let path = json["path"]?.string, let status = json["status"]?.integer,
            let request = json["request"], let reply = json["response"]
        else { throw RecordingError(reason: "not a recording") }
        self.id = id
        self.provider = provider
        self.path = path
        self.status = status
        self.request = request
        self.reply = reply.encoded
        isStream = json["stream"] == true
    }
}

/// What the oracle read.
struct ExpectedReply {
    let id: String
    let endpoint: String
    let text: String
    let finish: String
    let toolCalls: [(name: String, arguments: JSON)]
    let usage: TokenUsage?
    /// Whose price it is charged at, and what its tokens cost; nil where it has no price.
    let model: String
    let cost: Money?

    init(_ json: JSON) throws {
        guard let id = json["id"]?.string, let endpoint = json["endpoint"]?.string,
            let text = json["text"]?.string, let finish = json["finish"]?.string,
            let calls = json["tool_calls"]?.array, let usage = json["usage"]?.string,
            let model = json["model"]?.string
        else { throw RecordingError(reason: "the oracle's line can't be read: \(json.text)") }
        self.id = id
        self.endpoint = endpoint
        self.text = text
        self.finish = finish
        toolCalls = calls.map { ($0["name"]?.string ?? "", $0["arguments"] ?? .null) }
        let count = { (name: String) in json[name]?.integer ?? -1 }
        let counted = TokenUsage(
            input: count("input"), output: count("output"), cacheRead: count("cache_read"),
            cacheWrite5m: count("cache_write_5m"), cacheWrite1h: count("cache_write_1h"),
            reasoning: count("reasoning"))
        guard let counted else { throw RecordingError(reason: "\(id): impossible usage") }
        self.usage = usage == "reported" ? counted : nil
        self.model = model
        cost = json["cost_nanos"]?.integer.map(Money.init(nanos:))
    }

    /// How `reply` departs from this; empty where it agrees. Searches and tiers are not compared.
    func differences(from reply: ChatReply) -> [String] {
        var found: [String] = []
        if reply.text != text { found.append("text \(reply.text.debugDescription)") }
        if reply.finish.rawValue != finish { found.append("finish \(reply.finish), not \(finish)") }
        let agree =
            reply.toolCalls.count == toolCalls.count
            && zip(reply.toolCalls, toolCalls).allSatisfy {
                $0.name == $1.name && isSame($0.arguments, $1.arguments)
            }
        if !agree { found.append("tool calls \(reply.toolCalls)") }
        return found + differences(from: reply.usage)
    }

    func differences(from reported: ReportedUsage) -> [String] {
        switch (reported, usage) {
        case (.absent, nil): []
        case (.reported(let read), let usage?) where isSame(read, usage): []
        default: ["usage \(reported), not \(usage.map(String.init(describing:)) ?? "absent")"]
        }
    }
}

private func isSame(_ left: TokenUsage, _ right: TokenUsage) -> Bool {
    left.input == right.input && left.output == right.output
        && left.cacheRead == right.cacheRead && left.cacheWrite5m == right.cacheWrite5m
        && left.cacheWrite1h == right.cacheWrite1h && left.reasoning == right.reasoning
}

/// Equal as JSON: whatever the order of names and the spelling of numbers.
func isSame(_ left: JSON, _ right: JSON) -> Bool {
    switch (left, right) {
    case (.number(let left), .number(let right)):
        return left == right || Double(left) == Double(right)
    case (.array(let left), .array(let right)):
        return left.count == right.count && zip(left, right).allSatisfy { isSame($0, $1) }
    case (.object(let left), .object(let right)):
        return left.members.count == right.members.count
            && left.members.allSatisfy { member in
                right[member.name].map { isSame(member.value, $0) } ?? false
            }
    default: return left == right
    }
}
