import Logging
import WeirCore
import WeirService
import WeirStorage

extension SQLiteStore {
    /// How long a start waits for the sums to be counted anew.
    private static let startWaits = Duration.seconds(10)

    /// Refuses a ledger whose sums, of any month that is current somewhere or is to come, aren't
    /// what its rows make: budgets start from them.
    func requireSums(at now: Timestamp, logger: Logger) async throws {
        // Nowhere is it earlier than twelve hours before UTC.
        let earliest = BillingCalendar().date(of: now.advanced(seconds: -12 * 3_600), in: "UTC")
        switch try await checkSums(from: earliest.period, waitingAtMost: SQLiteStore.startWaits) {
        case .sound: return
        case .pending:
            logger.notice("the ledger's sums are still being counted; calls are served meanwhile")
        case .differing(let first, let count):
            throw StartFailure(
                "\(count) sums of the ledger, which budgets start from, aren't their rows': "
                    + "\(first). Inspect it by weir audit verify --database, keep a copy, and mend "
                    + "it by weir audit rebuild-sums --database")
        }
    }
}
