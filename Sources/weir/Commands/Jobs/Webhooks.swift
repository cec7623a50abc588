import ArgumentParser
import WeirCore
import WeirService

/// What was to be told to webhooks and has reached nobody yet.
struct Webhooks: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List deliveries to webhooks that wait or were given up; send one anew.",
        subcommands: [List.self, Retry.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Deliveries that wait or were given up, newest first.")
        @Option(help: "The tenant's number. Default: every tenant's.") var tenant: Int64?
        @Option(help: "waiting or given_up. Default: both.") var state: WebhookRecord.State?
        @OptionGroup var page: PageOptions
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let answer = try await server.client().get(
                "/admin/webhooks",
                [("tenant_id", tenant.map { String($0) }), ("state", state?.rawValue)]
                    + page.query)
            server.print(answer) { List.table(answer) }
            page.hint(answer, server)
        }

        private static func table(_ answer: JSON) -> String {
            var table = Table([
                "DELIVERY", "TENANT>", "HOST", "STATE", "ATTEMPTS>", "NEXT TRY", "LAST OUTCOME",
            ])
            for delivery in answer.list("deliveries") {
                table.add(
                    [
                        "id", "tenant_id", "host", "state", "attempts", "next_attempt_at",
                        "last_outcome",
                    ].map(delivery.cell))
            }
            return table.text(empty: "Everything was delivered.")
        }
    }

    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Send a delivery that was given up anew, with all its tries.")
        @Argument(help: "The delivery's id, job_…-18") var id: String
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let answer = try await server.client().post(
                "/admin/webhooks/\(AdminClient.escape(id))/retry", .object(JSONObject()))
            server.print(answer) { "\(answer.cell("id")) is \(answer.cell("state"))." }
        }
    }
}

extension WebhookRecord.State: ExpressibleByArgument {}
