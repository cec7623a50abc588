import ArgumentParser
import WeirCore

/// Has a running Weir read its configuration again.
struct Reload: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Have a running Weir read its configuration again.",
        discussion: """
            The process reads its own file anew, with the environment that it was started in. A \
            file with mistakes changes nothing. No call fails. What only a start can change is \
            named, and stays as it is. SIGHUP does the same.
            """)

    @OptionGroup var server: ServerOptions

    func run() async throws {
        let answer = try await server.client().post("/admin/reload", .object(JSONObject()))
        server.print(answer) {
            let applied = answer.list("applied").map(\.cell)
            let waiting = answer.list("needs_restart").map(\.cell)
            var lines = applied.map { "applied        \($0)" }
            lines += waiting.map { "needs restart  \($0)" }
            return lines.isEmpty ? "Nothing has changed." : lines.joined(separator: "\n")
        }
    }
}
