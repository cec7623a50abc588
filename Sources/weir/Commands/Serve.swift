import ArgumentParser
import Logging
import ServiceLifecycle
import WeirHTTP

/// Runs the AI service until SIGTERM or SIGINT: then it accepts nothing more, lets what is in
/// flight end and settle, and exits with 0.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the AI service.",
        discussion: "SIGTERM drains: calls in flight end and are settled, then it exits with 0.")

    @OptionGroup var config: ConfigurationOption

    @Option(help: "What this process is: all, service, gateway or worker; see docs/gateway.md.")
    var role = Role.all

    func run() async throws {
        if let refusal = role.refusal { throw CommandFailure(refusal) }
        let reading = try config.load()
        LogOutput.bootstrap(reading.configuration.logging)
        let logger = Logger(label: "weir")
        for warning in reading.warnings { logger.warning("\(warning)") }
        let source = config.source
        try await Server.run(
            reading.configuration, as: role, source: source, logger: logger
        ) { port in
            logger.info(
                "weir serves",
                metadata: [
                    "role": "\(role.rawValue)",
                    "host": "\(reading.configuration.server.host)", "port": "\(port)",
                ])
        }
    }
}
