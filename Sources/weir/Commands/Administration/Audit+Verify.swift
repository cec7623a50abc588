import ArgumentParser
import WeirCore
import WeirService
import WeirStorage

extension Audit {
    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Recompute the chain and all sums; exit code 1 where one is wrong.",
            discussion: """
                Asks a running Weir, or reads a database that no Weir has open (--database). The \
                ledger's rows are recomputed too, and from them the sums that budgets start from.
                """)
        @Option(
            help: "A head that was noted by audit checkpoint; it must be in the chain.",
            completion: .file())
        var checkpoint: String?
        @Option(help: "A database file to read without a server.", completion: .file())
        var database: String?
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let noted = try checkpoint.map(AuditCheckpoint.read)
            let verdict: JSON
            if let database {
                verdict = try await offline(database, noted)
            } else {
                verdict = try await server.client().get(
                    "/admin/audit/verify",
                    [("sequence", noted.map { String($0.sequence) }), ("hash", noted?.hashText)])
            }
            if server.json { Console.result(verdict.text) }
            try AuditReport.requireSound(verdict)
            if !server.json { Console.result(AuditReport.text(verdict)) }
        }

        private func offline(_ path: String, _ noted: AuditCheckpoint?) async throws -> JSON {
            try await OfflineLedger.use(path) { store throws(StoreError) in
                try await store.verifyAudit(checkpoint: noted).json
            }
        }
    }
}

extension StoreError {
    var reason: String {
        switch self {
        case .unavailable(let reason), .refused(let reason): reason
        case .overloaded: "too much is waiting"
        }
    }
}

extension AuditVerdict {
    /// The same as the interface's answer.
    fileprivate var json: JSON {
        switch self {
        case .sound(let entries, let head):
            let last: JSON =
                head.map { ["sequence": JSON($0.sequence), "hash": .string($0.hashText)] } ?? .null
            return ["sound": true, "entries": JSON(entries), "head": last]
        case .broken(let sequence, let reason):
            return ["sound": false, "broken_at": JSON(sequence), "reason": .string(reason)]
        }
    }
}

extension AuditCheckpoint {
    /// Lower-case hexadecimal.
    fileprivate var hashText: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(
            decoding: hash.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// Reads what `audit checkpoint` wrote.
    fileprivate static func read(_ file: String) throws -> AuditCheckpoint {
        let bytes: [UInt8]
        do {
            bytes = try SmallFile.bytes(file, limit: 4_096)
        } catch {
            throw CommandFailure("\(error)", status: .usage)
        }
        // Why it is no JSON says nothing more than that it is no checkpoint.
        guard let json = try? JSONParser.parse(bytes, .request),
            let sequence = json["sequence"]?.integer, sequence > 0,
            let text = json["hash"]?.string, let hash = digest(text)
        else { throw CommandFailure("\(file) is no checkpoint", status: .usage) }
        return AuditCheckpoint(sequence: sequence, hash: hash)
    }

    private static func digest(_ text: String) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count == 64 else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            let pair = String(decoding: digits[index...(index + 1)], as: UTF8.self)
            guard !pair.utf8.contains(UInt8(ascii: "+")), let byte = UInt8(pair, radix: 16) else {
                return nil
            }
            bytes.append(byte)
        }
        return bytes
    }
}
