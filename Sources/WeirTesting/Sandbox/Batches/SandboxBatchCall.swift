import Foundation
import NIOCore
import NIOHTTP1

/// A call of a batch interface, read from its path.
struct SandboxBatchCall {
    enum Verb {
        case upload
        case content(String)
        case create, list
        case look(String)
        case results(String)
        case cancel(String)
    }

    let provider: SandboxProvider
    let verb: Verb

    /// What behaviour rules name.
    var endpoint: SandboxEndpoint {
        switch verb {
        case .upload, .content: .files
        case .create: .batches
        case .list, .look, .results, .cancel: .batch
        }
    }

    init?(_ request: SandboxRequest) {
        let parts = request.path.utf8.split(separator: UInt8(ascii: "/")).map { String($0) ?? "" }
        let isPost = request.method == .POST
        guard isPost || request.method == .GET, parts.count >= 3, parts[1] == "v1" else {
            return nil
        }
        switch (parts[0], parts[2]) {
        case ("openai", "files"):
            provider = .openai
            if isPost, parts.count == 3 {
                verb = .upload
            } else if !isPost, parts.count == 5, parts[4] == "content" {
                verb = .content(parts[3])
            } else {
                return nil
            }
        case ("openai", "batches"):
            provider = .openai
            guard let verb = SandboxBatchCall.verb(Array(parts[3...]), isPost) else { return nil }
            self.verb = verb
        case ("anthropic", "messages") where parts.count >= 4 && parts[3] == "batches":
            provider = .anthropic
            guard let verb = SandboxBatchCall.verb(Array(parts[4...]), isPost) else { return nil }
            self.verb = verb
        default: return nil
        }
    }

    private static func verb(_ rest: [String], _ isPost: Bool) -> Verb? {
        switch (rest.count, isPost) {
        case (0, true): .create
        case (0, false): .list
        case (1, false): .look(rest[0])
        case (2, true) where rest[1] == "cancel": .cancel(rest[0])
        case (2, false) where rest[1] == "results": .results(rest[0])
        default: nil
        }
    }
}

/// One request within a batch.
struct SandboxBatchItem {
    let name: String
    /// Behind the provider's prefix.
    let path: String
    let body: SandboxJSON
}

extension SandboxEngine {
    /// The most that OpenAI takes in a file.
    private static let mostItems = 50_000

    func inlineItems(_ body: SandboxJSON) throws(SandboxFailure) -> [SandboxBatchItem] {
        guard let list = body["requests"]?.array, !list.isEmpty else {
            throw SandboxFailure(status: 400, "requests: List should have at least 1 item")
        }
        var items: [SandboxBatchItem] = []
        var names: Set<String> = []
        for item in list {
            guard let name = item["custom_id"]?.string, SandboxEngine.isName(name),
                names.insert(name).inserted, let parameters = item["params"]
            else {
                throw SandboxFailure(
                    status: 400,
                    "requests: custom_id must be unique and match "
                        + "^[a-zA-Z0-9_-]{1,64}$, with params")
            }
            items.append(
                SandboxBatchItem(name: name, path: "/v1/messages", body: parameters))
        }
        return items
    }

    func fileItems(_ body: SandboxJSON) throws(SandboxFailure) -> [SandboxBatchItem] {
        guard body["completion_window"]?.string == "24h",
            let endpoint = body["endpoint"]?.string, endpoint == "/v1/chat/completions",
            let id = body["input_file_id"]?.string, let file = batches.file(id)
        else {
            throw SandboxFailure(
                status: 400, "Invalid input_file_id, endpoint or completion_window.",
                code: "invalid_request")
        }
        var items: [SandboxBatchItem] = []
        var names: Set<String> = []
        for line in file.split(separator: UInt8(ascii: "\n")) {
            // What is wrong with a line is no matter.
            guard items.count < SandboxEngine.mostItems, let json = try? SandboxJSON(Array(line)),
                let name = json["custom_id"]?.string, names.insert(name).inserted,
                json["method"]?.string == "POST", json["url"]?.string == endpoint,
                let body = json["body"]
            else { throw SandboxFailure(status: 400, "This line is not parseable as valid JSON.") }
            items.append(SandboxBatchItem(name: name, path: endpoint, body: body))
        }
        guard !items.isEmpty else { throw SandboxFailure(status: 400, "The file is empty.") }
        return items
    }

    private static func isName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                ($0 | 0x20) &- 0x61 < 26 || $0 &- 0x30 < 10 || $0 == 0x2D || $0 == 0x5F
            }
    }
}

/// A `multipart/form-data` body with one file.
struct SandboxForm {
    private(set) var fields: [String: String] = [:]
    private(set) var file: [UInt8]?

    init?(_ request: SandboxRequest) {
        let type = request.headers.first(name: "content-type") ?? ""
        guard let mark = type.range(of: "boundary=") else { return nil }
        let boundary = Array("--\(type[mark.upperBound...])".utf8)
        let body = Array(request.body.readableBytesView)
        var starts: [Int] = []
        var index = 0
        while index + boundary.count <= body.count {
            if body[index] == boundary[0], body[index...].starts(with: boundary) {
                starts.append(index)
                index += boundary.count
            } else {
                index += 1
            }
        }
        for (start, end) in zip(starts, starts.dropFirst()) {
            add(body[(start + boundary.count)..<end])
        }
    }

    /// A part: line end, headers, an empty line, content, line end.
    private mutating func add(_ part: ArraySlice<UInt8>) {
        let gap = Array("\r\n\r\n".utf8)
        guard
            let split = part.indices.first(where: {
                part[$0] == gap[0] && part[$0...].starts(with: gap)
            })
        else { return }
        let head = String(decoding: part[..<split], as: UTF8.self)
        let content = part[(split + gap.count)...].dropLast(2)
        guard let mark = head.range(of: "name=\"") else { return }
        let name = String(head[mark.upperBound...].prefix { $0 != "\"" })
        if head.contains("filename=") {
            file = Array(content)
        } else {
            fields[name] = String(decoding: content, as: UTF8.self)
        }
    }
}
