import ArgumentParser
import Foundation

/// Where the configuration comes from.
struct ConfigurationOption: ParsableArguments {
    static let standardPath = "weir.yaml"

    @Option(
        name: [.customLong("config"), .customShort("c")],
        help: "The configuration file. Default: ./weir.yaml where there is one.",
        completion: .file(extensions: ["yaml", "yml"]))
    var path: String?

    /// The file to read; nil where none was named and there is no `weir.yaml`.
    var file: String? {
        if let path { return path }
        let isThere = FileManager.default.fileExists(atPath: ConfigurationOption.standardPath)
        return isThere ? ConfigurationOption.standardPath : nil
    }

    /// What is read, for messages.
    var name: String { file ?? "the environment" }

    /// Reads all of it; without a file, the environment and the defaults.
    func read() throws(ConfigurationError) -> ConfigurationReading { try source() }

    /// Reads it anew each time.
    var source: ConfigurationReload.Source {
        let (file, environment) = (file, ProcessInfo.processInfo.environment)
        return { () throws(ConfigurationError) in
            guard let file else {
                return try Configuration.read(yaml: "", environment: environment)
            }
            return try Configuration.read(file: file, environment: environment)
        }
    }

    /// The same for a command that can do nothing with a mistaken one: every mistake is told.
    func load() throws -> ConfigurationReading {
        do {
            return try read()
        } catch {
            throw CommandFailure(describe(error))
        }
    }

    func describe(_ error: ConfigurationError) -> String {
        let count = error.mistakes.count
        let head = "\(name) has \(count == 1 ? "a mistake" : "\(count) mistakes"):"
        return ([head] + error.mistakes.map { "  \($0)" }).joined(separator: "\n")
    }
}
