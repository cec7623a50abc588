import ArgumentParser
import WeirCore

/// Tenants: who may call, and for how much.
struct Tenants: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List, show, create and change tenants.",
        subcommands: [List.self, Show.self, Put.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List every tenant.")
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let answer = try await server.client().get("/admin/tenants")
            server.print(answer) {
                var table = Table(["TENANT>", "NAME", "TIER", "ACTIVE", "EXPIRES", "BUDGET USD>"])
                for tenant in answer.list("tenants") {
                    table.add([
                        tenant.cell("tenant_id"), tenant.cell("name"), tenant.cell("tier"),
                        tenant.cell("is_active"), tenant.cell("expires_at"), tenant.budgetCell,
                    ])
                }
                return table.text(empty: "There is no tenant. Create one: weir tenants put 42 …")
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show one tenant.")
        @Argument(help: "The tenant's number.") var tenant: Int64
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let answer = try await server.client().get("/admin/tenants/\(tenant)")
            server.print(answer) { answer.tenantText }
        }
    }
}

extension JSON {
    fileprivate var budgetCell: String {
        self["unlimited"]?.bool == true ? "unlimited" : cell("budget_usd")
    }

    var tenantText: String {
        var table = Table(["FIELD", "VALUE"])
        for member in object?.members ?? [] where !["budgets", "unlimited"].contains(member.name) {
            let value = member.name == "budget_usd" ? budgetCell : member.value.cell
            table.add([member.name, value.isEmpty ? "-" : value])
        }
        for scope in self["budgets"]?.object?.members ?? [] where !scope.value.cell.isEmpty {
            table.add(["budgets.\(scope.name)", scope.value.cell])
        }
        return table.text()
    }
}
