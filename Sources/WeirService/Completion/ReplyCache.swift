import Synchronization
package import WeirCore

/// Answers that features may give again to equal requests of the same tenant, for a while.
///
/// In memory, bounded by bytes; the oldest go first. The key covers tenant, wire, model and the
/// whole canonical body, so that no tenant ever sees another's.
package final class ReplyCache: Sendable {
    fileprivate struct Entry {
        let reply: StoredReply
        let expiresAt: Timestamp
    }

    fileprivate struct State {
        var entries: [[UInt8]: Entry] = [:]
        /// In the order of keeping.
        var order: [[UInt8]] = []
        var bytes = 0
    }

    private let state = Mutex(State())
    private let lifetimes: Adjustable<[FeatureSlug: Int64]>
    private let limit: Int

    /// - Parameters:
    ///   - lifetimes: seconds, by the features that have opted in.
    ///   - limit: bytes of all answers together.
    package init(lifetimes: [FeatureSlug: Int64] = [:], limit: Int = 64 << 20) {
        self.lifetimes = Adjustable(lifetimes)
        self.limit = limit
    }

    /// Other lifetimes for the answers that are kept from now on. Of a feature that isn't named any
    /// more none is given again.
    package func replace(_ lifetimes: [FeatureSlug: Int64]) { self.lifetimes.replace(lifetimes) }

    func keeps(_ call: CompletionCall) -> Bool { lifetimes.current[call.feature] != nil }

    func find(_ call: CompletionCall, at now: Timestamp) -> StoredReply? {
        guard keeps(call) else { return nil }
        let key = call.cacheKey
        return state.withLock { state in
            guard let entry = state.entries[key], now < entry.expiresAt else { return nil }
            return entry.reply
        }
    }

    func keep(_ reply: StoredReply, for call: CompletionCall, at now: Timestamp) {
        guard let seconds = lifetimes.current[call.feature], reply.body.count <= limit / 8 else {
            return
        }
        let entry = Entry(reply: reply, expiresAt: now.advanced(seconds: seconds))
        let key = call.cacheKey
        state.withLock { $0.keep(entry, key, limit) }
    }
}

extension ReplyCache.State {
    fileprivate mutating func keep(_ entry: ReplyCache.Entry, _ key: [UInt8], _ limit: Int) {
        if let old = entries.updateValue(entry, forKey: key) {
            bytes -= old.reply.body.count
        } else {
            order.append(key)
        }
        bytes += entry.reply.body.count
        var dropped = 0
        while bytes > limit, dropped < order.count {
            if let old = entries.removeValue(forKey: order[dropped]) {
                bytes -= old.reply.body.count
            }
            dropped += 1
        }
        order.removeFirst(dropped)
    }
}

extension CompletionCall {
    /// What makes two calls equal for the cache.
    fileprivate var cacheKey: [UInt8] {
        let (kind, body): (String, JSONObject) =
            switch work {
            case .chat(let request): ("chat \(dialect.wire.rawValue)", request.body)
            case .tokenCount(let request, _): ("count \(dialect.wire.rawValue)", request.body)
            case .embeddings(let request, let form): (form.wire.rawValue, request.body)
            }
        let head =
            "\(tenant)\n\(feature)\n\(kind)\n\(model)\n\(stream.map { "\($0)" } ?? "whole")\n"
        return sha256(Array(head.utf8) + JSON.object(body).sorted.encoded)
    }
}
