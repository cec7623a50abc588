import ArgumentParser
import WeirCore

/// Queued calls: what they do, and what became of them.
struct Jobs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List, watch and cancel jobs; replay and purge dead letters.",
        subcommands: [
            List.self, Show.self, Watch.self, Result.self, Cancel.self, Dead.self, Replay.self,
            Purge.self,
        ])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Jobs, newest first.")
        @Option(help: "The tenant's number. Default: all that the key reaches.")
        var tenant: Int64?
        @Option(help: "queued, processing, complete, failed or cancelled.")
        var status: Job.Status?
        @Option(help: "The queue's name.") var queue: String?
        @OptionGroup var page: PageOptions
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let answer = try await server.client().get(
                "/ai/jobs",
                [
                    ("tenant_id", tenant.map { String($0) }), ("status", status?.rawValue),
                    ("queue", queue),
                ] + page.query)
            server.print(answer) { answer.jobTable(empty: "There is no such job.") }
            page.hint(answer, server)
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "One job as it stands.")
        @OptionGroup var job: JobArgument
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let answer = try await server.client().get(job.path)
            server.print(answer) { answer.jobText }
        }
    }

    struct Result: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "What a complete job has left, as JSON.")
        @OptionGroup var job: JobArgument
        @OptionGroup var server: ServerOptions

        func run() async throws {
            Console.result(try await server.client().get("\(job.path)/result").text)
        }
    }

    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Call a job off, also while it runs.",
            discussion: "What its call costs is billed all the same; its result is dropped.")
        @OptionGroup var job: JobArgument
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let answer = try await server.client().delete(job.path)
            server.print(answer) { "\(answer.cell("job_id")) is cancelled." }
        }
    }
}

/// Which job.
struct JobArgument: ParsableArguments {
    @Argument(help: "The job's id, job_…") var id: String

    var path: String { "/ai/jobs/\(AdminClient.escape(id))" }
    var deadPath: String { "/admin/jobs/dead/\(AdminClient.escape(id))" }
}

extension Job.Status: ExpressibleByArgument {}

extension JSON {
    /// The jobs of a list as a table.
    func jobTable(empty: String) -> String {
        var table = Table([
            "JOB", "TENANT>", "QUEUE", "FEATURE", "STATUS", "DONE>", "ATTEMPTS>", "CREATED",
            "ERROR",
        ])
        for job in list("jobs") {
            table.add([
                job.cell("job_id"), job.cell("tenant_id"), job.cell("queue"),
                job.cell("feature_slug"), job.jobStatus, job.jobProgress, job.cell("attempts"),
                job.cell("created_at"), job.cell("error"),
            ])
        }
        return table.text(empty: empty)
    }

    /// A job's members, a line for each that is there.
    var jobText: String {
        var table = Table(["JOB", cell("job_id")])
        for member in object?.members ?? []
        where !member.value.isNull && !["job_id", "history", "request"].contains(member.name) {
            let value = member.name == "progress" ? jobProgress : member.value.cell
            table.add([member.name, value])
        }
        return table.text()
    }

    /// `queued (budget)`; only the turn needn't be said.
    var jobStatus: String {
        guard let wait = self["waits_for"]?.string, wait != "turn" else { return cell("status") }
        return "\(cell("status")) (\(wait))"
    }

    var jobProgress: String {
        guard let progress = self["progress"] else { return "-" }
        return "\(progress.cell("done"))/\(progress.cell("total"))"
    }
}
