import Foundation
import Logging
import Synchronization

/// Where log lines go: standard error, as text or as one JSON object a line.
enum LogOutput {
    static func bootstrap(_ logging: Configuration.Logging) {
        let level = Logger.Level(rawValue: logging.level.rawValue) ?? .info
        switch logging.format {
        case .text:
            LoggingSystem.bootstrap { label in
                var handler = StreamLogHandler.standardError(label: label)
                handler.logLevel = level
                return handler
            }
        case .json: LoggingSystem.bootstrap { JSONLogHandler(label: $0, level: level) }
        }
    }
}
