import NIOHTTP1

/// What a reply's head says about its body and its connection, read in one pass.
struct ReplyFraming: Equatable {
    /// The decoder has made sure that there is only one, and that it is a number.
    private(set) var contentLength: Int?
    /// The body ends where the connection does.
    private(set) var isCloseDelimited = false
    /// Seconds that the server says it keeps an idle connection.
    private(set) var keepAliveSeconds: Int?
    /// The body is in a coding that was not asked for: it can't be read.
    private(set) var isEncoded = false
    /// What makes the reply unreadable.
    private(set) var defect: String?

    /// - Parameters:
    ///   - isForHead: whether it answers a HEAD, so that its length is that of another reply.
    ///   - isForUpgrade: whether another protocol was asked for.
    init(_ head: HTTPResponseHead, isForHead: Bool = false, isForUpgrade: Bool = false) {
        var isChunked = false
        for (name, value) in head.headers {
            switch name.utf8.count {
            case 14 where name.isSameIgnoringCase(as: "content-length"):
                contentLength = Int(value)
            case 17 where name.isSameIgnoringCase(as: "transfer-encoding"):
                guard value.isSameIgnoringCase(as: "chunked"), !isChunked else {
                    defect = "a transfer-encoding other than chunked"
                    continue
                }
                isChunked = true
            case 16 where name.isSameIgnoringCase(as: "content-encoding"):
                if !value.isSameIgnoringCase(as: "identity") { isEncoded = true }
            case 10 where name.isSameIgnoringCase(as: "keep-alive"):
                keepAliveSeconds = ReplyFraming.timeout(in: value)
            default: break
            }
        }
        let status = head.status.code
        let hasNoBody = isForHead || status < 200 || status == 204 || status == 304
        if hasNoBody { contentLength = nil }
        isCloseDelimited = !hasNoBody && contentLength == nil && !isChunked
        if status == 101, !isForUpgrade { defect = "a change of protocols that was not asked for" }
    }

    /// `timeout=5, max=1000`; at most six digits count.
    private static func timeout(in value: String) -> Int? {
        for part in value.utf8.split(whereSeparator: { $0 == .comma || $0 == .space }) {
            guard let mark = part.firstIndex(of: .equals) else { continue }
            guard part[..<mark].map(\.lowercased) == Array("timeout".utf8) else { continue }
            let digits = part[part.index(after: mark)...]
            guard (1...6).contains(digits.count), digits.allSatisfy(\.isDigit) else { return nil }
            return digits.reduce(0) { $0 * 10 + Int($1 - .zero) }
        }
        return nil
    }
}
