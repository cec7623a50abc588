package import WeirCore
import WeirService

/// The forms in which clients may ask, beside Weir's own, and which path leads to which.
package struct Doors: Sendable {
    private let chats: [Wire: any ClientDialect]
    private let embeddings: [EmbeddingWire: any ClientEmbeddingDialect]
    private let tokenCounts: [Wire: any ClientTokenCountDialect]

    package init(
        chats: [any ClientDialect], embeddings: [any ClientEmbeddingDialect],
        tokenCounts: [any ClientTokenCountDialect]
    ) {
        self.chats = Dictionary(chats.map { ($0.wire, $0) }) { $1 }
        self.embeddings = Dictionary(embeddings.map { ($0.wire, $0) }) { $1 }
        self.tokenCounts = Dictionary(tokenCounts.map { ($0.wire, $0) }) { $1 }
    }

    /// No form but Weir's own.
    package static let none = Doors(chats: [], embeddings: [], tokenCounts: [])

    func chat(_ wire: Wire) throws(WeirError) -> any ClientDialect {
        guard let dialect = chats[wire] else { throw Doors.closed }
        return dialect
    }

    func embedding(_ wire: EmbeddingWire) throws(WeirError) -> any ClientEmbeddingDialect {
        guard let dialect = embeddings[wire] else { throw Doors.closed }
        return dialect
    }

    func tokenCount(_ wire: Wire) throws(WeirError) -> any ClientTokenCountDialect {
        guard let dialect = tokenCounts[wire] else { throw Doors.closed }
        return dialect
    }

    /// How clients of a wire are answered.
    func answering(_ wire: Wire) -> any ClientReplyDialect { chats[wire] ?? CompleteDialect() }

    /// Whose form the client of a path reads, also of a path that leads nowhere.
    func dialect(ofPath path: String) -> any ClientReplyDialect {
        let path = path.utf8
        if path.starts(with: "/v1beta/".utf8) { return answering(.generateContent) }
        if path.starts(with: "/v1/messages".utf8) { return answering(.messages) }
        if path.starts(with: "/v1/".utf8) { return answering(.chatCompletions) }
        return CompleteDialect()
    }

    private static var closed: WeirError {
        WeirError(.notFound, "There is nothing at this path")
    }
}
