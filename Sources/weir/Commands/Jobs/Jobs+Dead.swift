import ArgumentParser
import WeirCore

extension Jobs {
    struct Dead: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Dead letters: jobs that failed; with an id, why and after what.")
        @Argument(help: "A job's id, job_…") var id: String?
        @Option(help: "The tenant's number. Default: every tenant's.") var tenant: Int64?
        @Option(help: "The queue's name.") var queue: String?
        @OptionGroup var page: PageOptions
        @OptionGroup var server: ServerOptions

        func run() async throws {
            guard let id else { return try await list() }
            let answer = try await server.client().get(
                "/admin/jobs/dead/\(AdminClient.escape(id))")
            server.print(answer) { "\(answer.jobText)\n\n\(Dead.history(answer))" }
        }

        private func list() async throws {
            let answer = try await server.client().get(
                "/admin/jobs/dead",
                [("tenant_id", tenant.map { String($0) }), ("queue", queue)] + page.query)
            server.print(answer) { answer.jobTable(empty: "There is no dead letter.") }
            page.hint(answer, server)
        }

        private static func history(_ letter: JSON) -> String {
            var table = Table(["ATTEMPT>", "BEGAN", "ENDED", "OUTCOME", "ERROR"])
            for claim in letter.list("history") {
                table.add(
                    ["attempt", "claimed_at", "ended_at", "outcome", "error"].map(claim.cell))
            }
            return table.text(empty: "It was never tried.")
        }
    }

    struct Replay: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Queue a dead letter anew, with all its attempts.")
        @OptionGroup var job: JobArgument
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let answer = try await server.client().post(
                "\(job.deadPath)/replay", .object(JSONObject()))
            server.print(answer) { "\(answer.cell("job_id")) is \(answer.cell("status"))." }
        }
    }

    struct Purge: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Forget a dead letter, with all that it left.")
        @OptionGroup var job: JobArgument
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let answer = try await server.client().delete(job.deadPath)
            server.print(answer) { Console.harmless("\(job.id) is gone.") }
        }
    }
}
