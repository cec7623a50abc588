import ArgumentParser
import Foundation

/// How a command reaches a running Weir, and how it prints what comes back.
struct ServerOptions: ParsableArguments {
    @Option(help: "Where Weir listens. Default: WEIR_URL, the configuration, port 8080 here.")
    var url: String?

    @Option(
        help: """
            An admin key, or file:/path of one (arguments can be seen by other users). Default: \
            WEIR_ADMIN_KEY, then the configuration's admin_key.
            """)
    var key: String?

    @OptionGroup var configuration: ConfigurationOption

    @Flag(help: "Print the server's JSON instead of a table.")
    var json = false

    @Option(help: "How long to wait for an answer, as in 30s.", transform: seconds)
    var timeout: Duration = .seconds(30)

    func client() throws -> AdminClient {
        let environment = ProcessInfo.processInfo.environment
        let endpoint = try endpoint(environment)
        return AdminClient(
            url: url ?? environment["WEIR_URL"] ?? endpoint.url,
            key: try givenKey() ?? environment["WEIR_ADMIN_KEY"].map { Secret($0) } ?? endpoint.key,
            timeout: timeout)
    }

    private func givenKey() throws -> Secret? {
        guard let key else { return nil }
        guard key.utf8.starts(with: "file:".utf8) else { return Secret(key) }
        do {
            let text = try SmallFile.text(String(key.dropFirst(5)), limit: 4_096)
            return Secret(text.trimmingCharacters(in: .newlines))
        } catch {
            throw CommandFailure("--key: \(error)", status: .usage)
        }
    }

    /// What the configuration says about reaching the server. Its other mistakes are no matter
    /// here: the machine of an operator seldom has every provider's key.
    private func endpoint(_ environment: [String: String]) throws -> (url: String, key: Secret?) {
        guard let file = configuration.file else { return (Configuration.Server().localURL, nil) }
        do {
            let text = try SmallFile.text(file, limit: YAMLNode.Limits.bytes)
            let (server, key) = try Configuration.readEndpoint(yaml: text, environment: environment)
            return (server.localURL, key)
        } catch let error as ConfigurationError {
            throw CommandFailure(configuration.describe(error))
        } catch {
            throw CommandFailure("\(error)")
        }
    }
}

extension Configuration.Server {
    /// How this machine reaches a server that listens on these; a wildcard is the loopback.
    var localURL: String {
        let name = ["0.0.0.0", "::"].contains(host) ? "127.0.0.1" : host
        return "http://\(name.utf8.contains(UInt8(ascii: ":")) ? "[\(name)]" : name):\(port)"
    }
}

/// Reads a duration argument.
@Sendable func seconds(_ text: String) throws -> Duration {
    guard let duration = Duration(configured: text) else {
        throw ValidationError("must be a time with its unit, as in 500ms, 30s or 24h")
    }
    return duration
}
