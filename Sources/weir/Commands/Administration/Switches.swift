import ArgumentParser
import WeirCore

/// Kill switches: stop calls by hand and at once.
struct Switches: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Stop AI calls at once, and let them go on.",
        subcommands: [List.self, Engage.self, Release.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the engaged switches.")
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let answer = try await server.client().get("/admin/kill-switches")
            server.print(answer) {
                var table = Table(["ENGAGED"])
                for entry in answer.list("kill_switches") { table.add([entry.cell("target")]) }
                return table.text(empty: "No kill switch is engaged.")
            }
        }
    }

    struct Engage: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Refuse calls from now on.")
        @OptionGroup var target: Target
        @OptionGroup var server: ServerOptions

        func run() async throws { try await target.put(true, server) }
    }

    struct Release: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Let calls through again.")
        @OptionGroup var target: Target
        @OptionGroup var server: ServerOptions

        func run() async throws { try await target.put(false, server) }
    }

    struct Target: ParsableArguments {
        @Argument(
            help: "all, tenant:42, feature:sales-summary, provider:openai or model:gpt-4o.")
        var name: String

        func validate() throws {
            guard KillSwitches.Target(name) != nil else {
                throw ValidationError(
                    "\(name): must be all, tenant:…, feature:…, provider:… or model:…")
            }
        }

        func put(_ isEngaged: Bool, _ server: ServerOptions) async throws {
            let answer = try await server.client().put(
                "/admin/kill-switches",
                ["target": .string(name), "engaged": .bool(isEngaged)])
            server.print(answer) { "\(name) is \(isEngaged ? "stopped" : "released")." }
        }
    }
}
