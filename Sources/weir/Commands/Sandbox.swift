import ArgumentParser
import Foundation
import NIOPosix
import WeirTesting

/// Runs the provider sandbox by itself.
struct Sandbox: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run a server that speaks like every provider and bills nobody.",
        discussion: """
            Paths: /anthropic, /openai/v1, /deepseek, /gemini, /compatible/v1; use them as \
            base_url. It echoes, replays recordings, or misbehaves as it is told to in the prompt. \
            SIGINT and SIGTERM end it.
            """)

    @Option(help: "The address to listen on.")
    var host = "127.0.0.1"

    @Option(help: "The port to listen on; 0 takes any free one.")
    var port = 9_001

    @Option(help: "A file of recorded answers, or a folder of them; can be repeated.")
    var recordings: [String] = []

    @Option(help: "The file that gets what a provider would have billed, a line a request.")
    var truthLog: String?

    @Option(help: "Before the first byte of every answer, as in 50ms.", transform: seconds)
    var latency: Duration = .zero

    func validate() throws {
        guard (0...65_535).contains(port) else { throw ValidationError("--port is 0 to 65535") }
    }

    func run() async throws {
        let sandbox: ProviderSandbox
        do {
            sandbox = try await ProviderSandbox.start(
                SandboxConfiguration(
                    host: host, port: port, recordings: recordings, truthLogPath: truthLog,
                    latencyMilliseconds: Int(clamping: latency.wholeMilliseconds)),
                group: MultiThreadedEventLoopGroup.singleton)
        } catch {
            throw CommandFailure(
                isListeningFailure(error)
                    ? "The sandbox \(listeningFailure(host, port, error))"
                    : "The sandbox can't start: \(plainReason(error))")
        }
        let stop = StopSignal()
        Console.result("Provider sandbox on http://\(host):\(sandbox.port)")
        await stop.wait()
        try await sandbox.stop()
    }
}
