import ArgumentParser
import WeirCore

/// Budgets as they stand.
struct Budget: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what a tenant may still spend.", subcommands: [Show.self],
        defaultSubcommand: Show.self)

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Every scope's limit, settled and held money, in USD.")
        @Argument(help: "The tenant's number.") var tenant: Int64
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let answer = try await server.client().get(
                "/ai/budget", [("tenant_id", String(tenant))])
            server.print(answer) {
                var table = Table([
                    "SCOPE", "NAME", "LIMIT>", "SETTLED>", "HELD>", "REMAINING>", "USED %>",
                ])
                for scope in answer.list("scopes") {
                    let isUnlimited = scope["unlimited"]?.bool == true
                    table.add([
                        scope.cell("scope"), scope.cell("name"),
                        isUnlimited ? "unlimited" : scope.cell("limit_usd"),
                        scope.cell("settled_usd"), scope.cell("held_usd"),
                        scope.cell("remaining_usd"), scope.cell("pct_used"),
                    ])
                }
                let (period, reset) = (answer.cell("period"), answer.cell("resets_at"))
                return "Tenant \(tenant), \(period), resets at \(reset)\n\n\(table.text())"
            }
        }
    }
}
