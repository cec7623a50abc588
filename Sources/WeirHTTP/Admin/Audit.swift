import WeirCore
import WeirService

extension Routes {
    /// `GET /admin/audit`
    func auditPage(_ call: Call) async throws(WeirError) -> Answer {
        let limit = try call.query.integer("limit", in: 1...Int64(AuditQueries.pageLimit))
        let page = try await use.administration.audit.page(
            below: try call.query.integer("cursor"), limit: Int(limit ?? 100), by: call.caller)
        return Answer([
            "entries": .array(page.entries.map(json)),
            "next_cursor": page.next.map { .string(String($0)) } ?? .null,
        ])
    }

    /// `GET /admin/audit/verify`
    func verifyAudit(_ call: Call) async throws(WeirError) -> Answer {
        let verdict = try await use.administration.audit.verify(
            checkpoint: try checkpoint(call), by: call.caller)
        switch verdict {
        case .sound(let entries, let head):
            let last: JSON =
                head.map {
                    ["sequence": JSON($0.sequence), "hash": .string(hexadecimal($0.hash))]
                } ?? .null
            return Answer(["sound": true, "entries": JSON(entries), "head": last])
        case .broken(let sequence, let reason):
            return Answer([
                "sound": false, "broken_at": JSON(sequence), "reason": .string(reason),
            ])
        }
    }

    /// Both parameters or none.
    private func checkpoint(_ call: Call) throws(WeirError) -> AuditCheckpoint? {
        let sequence = try call.query.integer("sequence")
        guard let text = call.query["hash"] else {
            guard sequence == nil else {
                throw WeirError(.invalidRequest, "hash is missing", param: "hash")
            }
            return nil
        }
        guard let hash = digest(hexadecimal: text) else {
            throw WeirError(.invalidRequest, "hash must have 64 hex digits", param: "hash")
        }
        guard let sequence else {
            throw WeirError(.invalidRequest, "sequence is missing", param: "sequence")
        }
        return AuditCheckpoint(sequence: sequence, hash: hash)
    }

    private func digest(hexadecimal text: String) -> [UInt8]? {
        let characters = Array(text.utf8)
        guard characters.count == 64 else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: 64, by: 2) {
            let pair = characters[index..<(index + 2)]
            let isHex = pair.allSatisfy {
                (0x30...0x39).contains($0) || (0x61...0x66).contains($0)
            }
            guard isHex, let byte = UInt8(String(decoding: pair, as: UTF8.self), radix: 16) else {
                return nil
            }
            bytes.append(byte)
        }
        return bytes
    }

    private func json(_ recorded: RecordedAuditEntry) -> JSON {
        let entry = recorded.entry
        return [
            "sequence": JSON(recorded.sequence), "at": .string(entry.at.rfc3339),
            "actor": .string(entry.actor), "action": .string(entry.action),
            "tenant_id": entry.tenant.map { JSON($0.number) } ?? .null,
            "subject": .string(entry.subject), "details": entry.details,
            "hash": .string(hexadecimal(recorded.hash)),
        ]
    }
}
