import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1

/// The last requests as they were received.
final class SandboxRequestRing: Sendable {
    private struct State {
        var kept: [SandboxRequest] = []
        /// Where the next one goes, once the ring is full.
        var oldest = 0
    }

    private let state = NIOLockedValueBox(State())

    func add(_ request: SandboxRequest) {
        state.withLockedValue { state in
            if state.kept.count < SandboxLimits.keptRequests {
                state.kept.append(request.shortened)
            } else {
                state.kept[state.oldest] = request.shortened
                state.oldest = (state.oldest + 1) % SandboxLimits.keptRequests
            }
        }
    }

    /// So many of the last requests as a JSON array, oldest first, credentials cut short.
    func text(last: Int) -> String {
        let ordered = state.withLockedValue { state in
            Array(state.kept[state.oldest...]) + state.kept[..<state.oldest]
        }
        return "[\(ordered.suffix(max(0, last)).map(\.text).joined(separator: ","))]"
    }
}

extension SandboxRequest {
    fileprivate var text: String {
        let fields = headers.map { name, value in
            "[\(SandboxJSON.quote(name)),\(SandboxJSON.quote(SandboxRequest.masked(name, value)))]"
        }
        let text = String(decoding: body.readableBytesView, as: UTF8.self)
        return "{\"method\":\"\(method.rawValue)\",\"path\":\(SandboxJSON.quote(path)),"
            + "\"query\":\(SandboxJSON.quote(query)),"
            + "\"headers\":[\(fields.joined(separator: ","))],"
            + "\"body\":\(SandboxJSON.quote(text))}"
    }

    private static func masked(_ name: String, _ value: String) -> String {
        switch name.lowercased() {
        case "authorization":
            value.utf8.starts(with: "Bearer ".utf8) ? "Bearer " + value.dropFirst(7).prefix(4) : ""
        case "x-api-key", "x-goog-api-key": String(value.prefix(4))
        default: value
        }
    }
}
