import ArgumentParser
import Foundation
import Logging
import NIOPosix
import WeirCore
import WeirTesting

/// From nothing to a metered call: embedded defaults, a demo tenant, the provider sandbox, and a
/// first call shown as it happens; then it serves until it is stopped.
struct Demo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show a first metered call on embedded defaults, then serve.",
        discussion: """
            Uses a database in a new temporary folder, and deletes it at the end. Calls go to the \
            provider sandbox inside this process, unless ANTHROPIC_API_KEY, OPENAI_API_KEY, \
            DEEPSEEK_API_KEY or GEMINI_API_KEY is set: then the call is real, and costs what it \
            shows.
            """)

    @Option(help: "The port; 0 takes any free one.")
    var port = 8_080

    @Flag(help: "End after the tour.")
    var once = false

    func run() async throws {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "weir-demo-\(UUID().uuidString.prefix(8).lowercased())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer {
            // What can't be deleted stays in the temporary folder, as everything there may.
            try? FileManager.default.removeItem(at: folder)
        }
        try await serve(folder)
    }

    private func serve(_ folder: URL) async throws {
        let stage = try await DemoStage.set(
            folder: folder.path, port: port, environment: ProcessInfo.processInfo.environment)
        LogOutput.bootstrap(stage.configuration.logging)
        let once = once
        try await Server.run(stage.configuration, logger: Logger(label: "weir")) { port in
            // Unstructured: the server serves only when this callback has returned.
            Task {
                do {
                    try await DemoTour(stage: stage, port: port).run()
                } catch {
                    Console.notice("The tour broke off: \(error)")
                }
                // The tour is all that was asked for: end as SIGTERM would.
                if once { kill(getpid(), SIGTERM) }
            }
        }
        try await stage.sandbox?.stop()
    }
}
