import Dispatch
import Foundation
import Synchronization

@testable import WeirCore
@testable import WeirProviders

/// Replays every recorded stream, cut in two at each of its bytes: the same steps, so the same
/// events and the same usage, wherever the cut is. The argument is the recordings' folder.
///
/// An event is read from the state that all events before it leave behind, once whole and once for
/// each cut; what follows it shows that the cut left nothing behind.
@main
enum Splits {
    static func main() {
        let folder = CommandLine.arguments.dropFirst().first ?? ""
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let streams = names.filter { $0.hasSuffix(".jsonl") }.sorted().flatMap { name in
            (FileManager.default.contents(atPath: "\(folder)/\(name)") ?? Data())
                .split(separator: 0x0A).compactMap { RecordedStream(Array($0)) }
        }
        let counts = Mutex<[String: Count]>([:])
        DispatchQueue.concurrentPerform(iterations: streams.count) { place in
            let count = streams[place].replay()
            counts.withLock { $0[streams[place].row, default: Count()].add(count) }
        }
        var differing = 0
        for (row, count) in counts.withLock({ $0 }).sorted(by: { $0.key < $1.key }) {
            print(
                "splits: \(row): \(count.streams) streams, \(count.cuts) cuts,",
                "\(count.differing) differ")
            differing += count.differing
        }
        exit(streams.isEmpty || differing > 0 ? 1 : 0)
    }
}

struct Count {
    var streams = 0
    var cuts = 0
    var differing = 0

    mutating func add(_ other: Count) {
        streams += other.streams
        cuts += other.cuts
        differing += other.differing
    }
}

struct RecordedStream {
    let row: String
    private let id: String
    private let wire: Wire
    private let dialect: any ProviderDialect
    private let bytes: [UInt8]

    init?(_ line: [UInt8]) {
        guard let json = try? JSONParser.parse(line, .reply), json["stream"] == true,
            let id = json["id"]?.string, let provider = json["provider"]?.string,
            let path = json["path"]?.string, let reply = json["response"]?.string
        else { return nil }
        let wires: [(String, Wire)] = [
            ("/chat/completions", .chatCompletions), ("/responses", .responses),
            ("/messages", .messages), (":streamGenerateContent", .generateContent),
        ]
        guard let (ending, wire) = wires.first(where: { path.hasSuffix($0.0) }) else { return nil }
        self.id = id
        self.wire = wire
        row = "\(provider) \(ending.dropFirst())"
        dialect = (ProviderKind(rawValue: provider) ?? .compatible).dialect
        bytes = Array(reply.utf8)
    }

    func replay() -> Count {
        var count = Count(streams: 1)
        var state = dialect.replyStream(wire: wire, includesUsage: true)
        let events = events
        for (number, event) in events.enumerated() {
            let next = number + 1 < events.count ? Array(events[number + 1].prefix(2_048)) : []
            let whole = outcome(state, [event, next])
            for cut in 1..<max(2, event.count) {
                let halves = [Array(event.prefix(cut)), Array(event.dropFirst(cut)), next]
                count.cuts += 1
                guard outcome(state, halves) != whole else { continue }
                count.differing += 1
                print("splits: \(row) \(id): event \(number) differs when cut at byte \(cut)")
            }
            // A stream that breaks off ends here, in whatever way it was cut.
            guard (try? state.feed(event)) != nil else { break }
        }
        return count
    }

    private enum Outcome: Equatable {
        case steps([StreamStep])
        case defect(String, after: [StreamStep])
    }

    private func outcome(_ state: any ReplyStreamDecoder, _ pieces: [[UInt8]]) -> Outcome {
        var decoder = state
        var steps: [StreamStep] = []
        do throws(ReplyDefect) {
            for piece in pieces { steps += try decoder.feed(piece) }
            return .steps(steps + (try decoder.finish()))
        } catch {
            return .defect(error.reason, after: steps)
        }
    }

    /// The stream, cut behind each blank line.
    private var events: [[UInt8]] {
        var events: [[UInt8]] = []
        var start = 0
        for place in bytes.indices.dropFirst() where place > start && bytes[place] == 0x0A {
            let isBlank =
                bytes[place - 1] == 0x0A
                || (place > start + 1 && bytes[place - 1] == 0x0D && bytes[place - 2] == 0x0A)
            guard isBlank else { continue }
            events.append(Array(bytes[start...place]))
            start = place + 1
        }
        if start < bytes.count { events.append(Array(bytes[start...])) }
        return events
    }
}
