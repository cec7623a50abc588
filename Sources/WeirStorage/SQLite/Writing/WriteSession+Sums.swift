import WeirCore
import WeirService

extension WriteSession {
    /// Differences that the audit entry of a repair names one by one.
    private static let named = 50

    /// Sets every stored sum that differs to what its rows make, with an audit entry. The rows
    /// have to be what the audit chain vouches for: a sum of forged rows is no repair.
    func rebuildSums(now: Timestamp) throws(SQLiteError) -> SumsRepair {
        var verifier = AuditVerifier(connection, checkpoint: nil)
        if case .broken(let entry, let reason) = try verifier.chainVerdict() {
            return .refused("the audit chain is broken at entry \(entry): \(reason)")
        }
        let differences = try connection.differingSums()
        try connection.markSums(asDoubtful: false)
        guard !differences.isEmpty else { return .unneeded }
        for difference in differences { try correct(difference) }
        try append(
            ChainEntry(
                AuditEntry(
                    at: now, actor: "operator", action: "ledger.rebuild_sums",
                    subject: "usage_rollup",
                    details: [
                        "sums": JSON(differences.count),
                        "differences": .array(
                            differences.prefix(WriteSession.named).map { .string("\($0)") }),
                    ])))
        return .repaired(differences.map(\.description))
    }

    private func correct(_ difference: SumDifference) throws(SQLiteError) {
        let key = difference.key
        let delete = try connection.statement(
            """
            DELETE FROM usage_rollup
            WHERE tenant_id = ? AND period = ? AND dimension = ? AND value = ?
            """)
        delete.bind(key)
        try delete.run()
        guard difference.counted != .zero else { return }
        let insert = ledger.addRollup
        insert.bind(key)
        insert.bind(difference.counted.calls)
        insert.bind(difference.counted.input)
        insert.bind(difference.counted.output)
        insert.bind(difference.counted.cost)
        try insert.run()
    }
}

extension Statement {
    fileprivate func bind(_ key: SumKey) {
        bind(key.tenant)
        bind(key.period)
        bind(text: key.dimension)
        bind(text: key.value)
    }
}
