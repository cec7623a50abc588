import ArgumentParser
import Foundation
import NIOCore
import NIOPosix

/// The command line: parses arguments and runs one command.
@main
struct Weir: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "weir",
        abstract: "The AI gateway that never spends a cent over a budget.",
        discussion: """
            Commands that speak to a running Weir find it by --url, WEIR_URL, the configuration, \
            or http://127.0.0.1:8080, and sign with --key, WEIR_ADMIN_KEY, or the configuration's \
            admin_key.

            Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 Weir can't be reached.
            """,
        subcommands: [
            Serve.self, CheckConfig.self, Doctor.self, Demo.self, Sandbox.self, Tenants.self,
            Keys.self, Switches.self, Budget.self, Usage.self, Prices.self, Adjust.self, Audit.self,
            Reload.self, Jobs.self, Webhooks.self,
        ])

    static func main() async {
        // Swift tasks run on the event loops: a call then hardly ever changes its thread. It has to
        // be the first thing that happens; where it can't be had, the default executor does.
        if let count = Processors.allowed { NIOSingletons.groupLoopCountSuggestion = count }
        let isInstalled =
            NIOSingletons.unsafeTryInstallSingletonPosixEventLoopGroupAsConcurrencyGlobalExecutor()
        if !isInstalled { Console.notice("tasks run on the default executor") }
        do {
            var command = try parseAsRoot()
            if var waiting = command as? any AsyncParsableCommand {
                try await waiting.run()
            } else {
                try command.run()
            }
        } catch {
            let (text, status) = report(error)
            Console.finish(text, status)
        }
    }

    /// What is said about an error, and the exit code that stands for it.
    static func report(_ error: any Error) -> (text: String, status: Int32) {
        if let failure = error as? CommandFailure {
            return (failure.description, failure.status.rawValue)
        }
        let code = exitCode(for: error)
        let isUsage = code == .validationFailure
        let status = isUsage ? CommandFailure.Status.usage.rawValue : code.rawValue
        return (fullMessage(for: error), status)
    }
}

/// Why a command ends without having done what it was told.
struct CommandFailure: Error, CustomStringConvertible {
    let description: String
    let status: Status

    /// The exit codes, a promise to scripts.
    enum Status: Int32 {
        case refused = 1
        case usage = 2
        case unreachable = 3
    }

    init(_ description: String, status: Status = .refused) {
        self.description = description
        self.status = status
    }
}
