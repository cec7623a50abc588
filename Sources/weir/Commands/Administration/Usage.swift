import ArgumentParser
import WeirCore
import WeirService

/// What was used, and what it cost.
struct Usage: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what was used and what it cost.",
        subcommands: [Show.self, AllTenants.self, Log.self], defaultSubcommand: Show.self)

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "One tenant's month by user, feature, model, provider, day or key.")
        @Argument(help: "The tenant's number.") var tenant: Int64
        @Option(help: "The month, 2026-04. Default: the tenant's current one.")
        var period: String?
        @Option(help: "user, feature, model, provider, day or key.")
        var by = UsageGrouping.user
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let answer = try await server.client().get(
                "/ai/usage",
                [
                    ("tenant_id", String(tenant)), ("period", period), ("group_by", by.rawValue),
                ])
            server.print(answer) {
                var table = Table([by.rawValue.uppercased(), "CALLS>", "TOKENS>", "COST USD>"])
                for line in answer.list("\(by.rawValue)s") {
                    let name = line.object?.members.first?.value.cell ?? "-"
                    table.add([
                        name, line.cell("calls"), line.cell("tokens"), line.cell("cost_usd"),
                    ])
                }
                table.add([
                    "total", answer.cell("calls"), answer.cell("tokens"), answer.cell("cost_usd"),
                ])
                return "Tenant \(tenant), \(answer.cell("period"))\n\n\(table.text())"
            }
        }
    }

    struct AllTenants: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "tenants", abstract: "Every tenant's month against its budget.")
        @Option(help: "The month, 2026-04. Default: each tenant's current one.")
        var period: String?
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let answer = try await server.client().get("/ai/usage/tenants", [("period", period)])
            server.print(answer) {
                var table = Table(["TENANT>", "TIER", "BUDGET USD>", "SPENT USD>", "USED %>"])
                for line in answer.list("tenants") {
                    let isUnlimited = line["budget_usd"]?.isNull ?? true
                    table.add([
                        line.cell("tenant_id"), line.cell("tier"),
                        isUnlimited ? "unlimited" : line.cell("budget_usd"),
                        line.cell("spent_usd"), line.cell("pct_used"),
                    ])
                }
                return table.text(empty: "There is no tenant.")
            }
        }
    }

    struct Log: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The ledger's rows of a tenant's month, newest first.")
        @Argument(help: "The tenant's number.") var tenant: Int64
        @Option(help: "The month, 2026-04. Default: the tenant's current one.")
        var period: String?
        @OptionGroup var page: PageOptions
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let answer = try await server.client().get(
                "/ai/usage/log",
                [("tenant_id", String(tenant)), ("period", period)] + page.query)
            server.print(answer) {
                var table = Table([
                    "ATTEMPT", "CREATED", "KIND", "USER>", "FEATURE", "MODEL", "STATUS", "BASIS",
                    "IN>", "OUT>", "COST USD>",
                ])
                for row in answer.list("rows") {
                    let status = row["status"]?.isNull == false ? row.cell("status") : "open"
                    table.add([
                        row.cell("attempt_id"), row.cell("created_at"), row.cell("kind"),
                        row.cell("user_id"), row.cell("feature_slug"), row.cell("model"), status,
                        row.cell("basis"), row.cell("input_tokens"), row.cell("output_tokens"),
                        row.cell("cost_usd"),
                    ])
                }
                return table.text(empty: "No call in \(answer.cell("period")).")
            }
            page.hint(answer, server)
        }
    }
}

extension UsageGrouping: ExpressibleByArgument {}
