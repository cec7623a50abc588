import ArgumentParser
import WeirCore

/// A correction of what an attempt cost, as a row of its own.
struct Adjust: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Correct what a settled attempt cost, by a row of its own.",
        discussion: """
            A row of the ledger never changes; a correction points at it and counts in its month.
              weir adjust 42 198712345678901 --credit 0.0125 --reason "provider's credit note 7"
            """)

    @Argument(help: "The tenant's number.") var tenant: Int64
    @Argument(help: "The attempt's id, as usage log shows it.") var attempt: Int64
    @Option(help: "USD to take off its cost.", transform: money) var credit: Money?
    @Option(help: "USD to add to its cost.", transform: money) var charge: Money?
    @Option(help: "Why; kept in the audit log.") var reason: String
    @OptionGroup var server: ServerOptions

    func validate() throws {
        guard (credit == nil) != (charge == nil) else {
            throw ValidationError("Say --credit or --charge")
        }
    }

    func run() async throws {
        let amount = charge?.exactUSD ?? credit.map { "-\($0.exactUSD)" } ?? "0"
        let answer = try await server.client().post(
            "/admin/adjustments",
            [
                "tenant_id": JSON(tenant), "attempt_id": .string(String(attempt)),
                "amount_usd": .number(amount), "reason": .string(reason),
            ])
        server.print(answer) {
            "Attempt \(attempt) is adjusted by \(answer.cell("cost_usd")) USD "
                + "(row \(Console.harmless(answer.cell("attempt_id"))))."
        }
    }
}
