import Foundation
import Logging
import Synchronization

/// Where log lines go: standard error, as text or as one JSON object a line.
enum LogOutput {
    private static let level = LogLevel()

    static func bootstrap(_ logging: Configuration.Logging) {
        level.set(logging.level)
        switch logging.format {
        case .text:
            LoggingSystem.bootstrap {
                LeveledLogHandler(StreamLogHandler.standardError(label: $0), level)
            }
        case .json:
            LoggingSystem.bootstrap { LeveledLogHandler(JSONLogHandler(label: $0), level) }
        }
    }

    /// Of every logger, also of those that there are.
    static func set(_ level: Configuration.Logging.Level) { self.level.set(level) }
}

/// The level that all loggers share.
final class LogLevel: Sendable {
    /// An index of `Logger.Level.allCases`.
    private let index = Atomic(0)

    var current: Logger.Level { Logger.Level.allCases[index.load(ordering: .relaxed)] }

    func set(_ level: Configuration.Logging.Level) {
        let found = Logger.Level.allCases.firstIndex { $0.rawValue == level.rawValue }
        index.store(found ?? 0, ordering: .relaxed)
    }
}

/// Writes by another handler what the shared level lets through; a logger may have a level of its
/// own instead.
struct LeveledLogHandler: LogHandler {
    private var output: any LogHandler
    private let level: LogLevel
    private var ownLevel: Logger.Level?

    init(_ output: any LogHandler, _ level: LogLevel) {
        self.output = output
        self.output.logLevel = .trace
        self.level = level
    }

    var logLevel: Logger.Level {
        get { ownLevel ?? level.current }
        set { ownLevel = newValue }
    }

    var metadata: Logger.Metadata {
        get { output.metadata }
        set { output.metadata = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { output[metadataKey: key] }
        set { output[metadataKey: key] = newValue }
    }

    func log(event: LogEvent) { output.log(event: event) }
}
