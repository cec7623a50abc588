import ArgumentParser
import WeirCore

extension Jobs {
    /// Looks at a job until it has ended.
    struct Watch: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Follow a job to its end: a line for each change.",
            discussion: """
                Ends with 0 where the job is complete, with 1 where it has failed or was called \
                off. With --json, each line is the job.
                """)
        @OptionGroup var job: JobArgument
        @Option(help: "How often to look, as in 500ms.", transform: seconds)
        var every: Duration = .seconds(1)
        @OptionGroup var server: ServerOptions

        func validate() throws {
            guard (.milliseconds(100) ... .seconds(3_600)).contains(every) else {
                throw ValidationError("--every is 100ms to 1h")
            }
        }

        func run() async throws {
            let client = try server.client()
            var last: String?
            while true {
                let answer = try await client.get(job.path)
                let state = Watch.state(answer)
                if state != last { server.print(answer) { Watch.line(answer) } }
                last = state
                switch answer["status"]?.string.flatMap(Job.Status.init) {
                case .complete: return
                case .failed, .cancelled:
                    throw CommandFailure(Console.harmless(Watch.reason(answer)))
                case .queued, .processing, nil: try await Task.sleep(for: every)
                }
            }
        }

        /// What makes a line worth printing: everything but the time that is left.
        private static func state(_ job: JSON) -> String {
            "\(job.jobStatus) \(job.jobProgress) \(job.cell("attempts"))"
        }

        static func line(_ job: JSON) -> String {
            var line = "\(job.cell("updated_at"))  \(job.jobStatus)  \(job.jobProgress)"
            if let attempts = job["attempts"]?.wholeNumber, attempts > 1 {
                line += "  attempt \(attempts)"
            }
            if let left = job["eta_s"]?.wholeNumber { line += "  about \(left) s left" }
            return Console.harmless(line)
        }

        private static func reason(_ job: JSON) -> String {
            let id = job.cell("job_id")
            guard let error = job["error"]?.string else { return "\(id) was called off." }
            return "\(id) failed: \(job.cell("message")) (\(error))"
        }
    }
}
