package import WeirCore

/// The batch interface of `PlainDialect`, one thing a line, its members between blanks:
/// a request is `name text`, a batch `id state calls
/// completed name`, a result `name answered reply`,
/// `name refused 400` or `name unprocessed`.
package struct PlainBatches: ProviderBatchDialect {
    package let keepsNames: Bool
    /// Whether the requests go up as a file before the creation.
    private let usesFiles: Bool

    package init(keepsNames: Bool = true, usesFiles: Bool = false) {
        self.keepsNames = keepsNames
        self.usesFiles = usesFiles
    }

    package func upload(_ items: [ProviderBatchItem], of batch: BatchID) -> EncodedRequest? {
        usesFiles ? EncodedRequest(path: "/files", body: body(items, batch)) : nil
    }

    package func decodeUpload(_ body: [UInt8]) throws(ReplyDefect) -> Slug {
        guard let id = Slug(String(decoding: body, as: UTF8.self)) else {
            throw ReplyDefect("no file")
        }
        return id
    }

    package func create(
        _ items: [ProviderBatchItem], of batch: BatchID, file: Slug?
    ) -> EncodedRequest {
        EncodedRequest(path: "/batches", body: body(items, batch))
    }

    package func decodeBatch(_ body: [UInt8]) throws(ReplyDefect) -> ProviderBatch {
        let words = String(decoding: body, as: UTF8.self).split(separator: " ").map(String.init)
        guard words.count == 5, let id = Slug(words[0]) else { throw ReplyDefect("no batch") }
        let state: ProviderBatch.State =
            switch words[1] {
            case "ended": .ended(runsOut: false)
            case "expired": .ended(runsOut: true)
            default: .running
            }
        return ProviderBatch(
            id: id, state: state, name: keepsNames ? BatchID(words[4]) : nil, calls: Int(words[2]),
            completed: Int(words[3]))
    }

    package func path(of batch: Slug) -> String { "/batches/\(batch)" }

    package func cancel(_ batch: Slug) -> EncodedRequest {
        EncodedRequest(path: "/batches/\(batch)/cancel", body: [])
    }

    package func listPath(after cursor: Slug?) -> String { "/batches" }

    package func decodeList(_ body: [UInt8]) throws(ReplyDefect) -> ProviderBatchPage {
        var batches: [ProviderBatch] = []
        for line in body.split(separator: UInt8(ascii: "\n")) {
            batches.append(try decodeBatch(Array(line)))
        }
        return ProviderBatchPage(batches: batches, next: nil)
    }

    package func resultPaths(of batch: ProviderBatch) -> [String] {
        ["/batches/\(batch.id)/results"]
    }

    package func decodeResult(_ line: [UInt8]) throws(ReplyDefect) -> ProviderBatchResult? {
        let words = String(decoding: line, as: UTF8.self).split(separator: " ", maxSplits: 2)
        guard words.count >= 2 else { throw ReplyDefect("no result") }
        let outcome: ProviderBatchResult.Outcome =
            switch words[1] {
            case "answered": .answered(Array((words.count > 2 ? words[2] : "").utf8))
            case "refused": .refused(ProviderFailure(kind: .badRequest, message: "refused"))
            default: .unprocessed
            }
        return ProviderBatchResult(name: String(words[0]), outcome: outcome)
    }

    private func body(_ items: [ProviderBatchItem], _ batch: BatchID) -> [UInt8] {
        let lines = items.map { "\($0.name) \(String(decoding: $0.request.body, as: UTF8.self))" }
        return Array(([batch.description] + lines).joined(separator: "\n").utf8)
    }
}
