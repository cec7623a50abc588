import Foundation
import Logging
import WeirCore

/// Writes each event as one JSON object on one line of standard error.
struct JSONLogHandler: LogHandler {
    let label: String
    var logLevel = Logger.Level.trace
    var metadata: Logger.Metadata = [:]

    init(label: String) { self.label = label }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("time", Date.now.formatted(.iso8601.time(includingFractionalSeconds: true)))
        writer.member("level", event.level.rawValue)
        writer.member("logger", label)
        writer.member("message", event.message.description)
        let fields = metadata.merging(event.metadata ?? [:]) { $1 }
        for (name, value) in fields.sorted(by: { $0.key < $1.key }) {
            writer.member(name, "\(value)")
        }
        writer.endObject()
        // One write for a line, so that lines of different threads don't mix.
        FileHandle.standardError.write(Data(writer.bytes + [UInt8(ascii: "\n")]))
    }
}
