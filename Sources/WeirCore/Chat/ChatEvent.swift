/// A piece of a streamed answer, in no provider's words.
package enum ChatEvent: Sendable, Equatable {
    /// The model that answers, as the provider names it.
    case started(model: String?)
    case text(String)
    case thinking(String)
    /// The proof that belongs to the thoughts told so far; it ends them.
    case thinkingSignature(ThoughtSignature)
    case redactedThinking(ThoughtSignature)
    /// A tool call begins. Calls are numbered from 0 in the order in which they begin.
    case toolCall(index: Int, id: String?, name: String, signature: ThoughtSignature?)
    /// More of the text of a call's arguments, which is JSON when put together.
    case toolArguments(index: Int, String)
    case finish(FinishReason, stopSequence: String?)
    /// All that the answer has used so far: a later one replaces an earlier one.
    case usage(ReportedUsage)
    /// The provider gave up in mid-stream.
    case failed(ProviderFailure)
    /// The provider said in its wire's own way that the answer is complete.
    case ended
}

/// One event of a provider's stream: what it means, and what it was.
package struct StreamStep: Sendable, Equatable {
    /// What becomes of the event where the client speaks the provider's wire.
    package enum Relay: Sendable, Equatable {
        case forward
        /// It was asked for by Weir, not by the client: usage.
        case drop
        /// It completes the reply: it is kept back until the ledger has the row.
        case withhold
    }

    /// The field `event`; nil where there is none.
    package var name: String?
    /// The field `data`; empty on a comment, which only keeps the connection alive.
    package var data: [UInt8]
    package var events: [ChatEvent]
    package var relay: Relay

    package init(name: String?, data: [UInt8], events: [ChatEvent], relay: Relay = .forward) {
        self.name = name
        self.data = data
        self.events = events
        self.relay = relay
    }

    /// Nothing to read: the provider is still at work.
    package static let keepAlive = StreamStep(name: nil, data: [], events: [])
}

/// Reads a provider's streamed reply, however its bytes are cut.
package protocol ReplyStreamDecoder: Sendable {
    /// The events that these bytes complete. Throws where the bytes can't be a reply: broken
    /// framing, no JSON, an event over the limit of size. After that it isn't to be used again.
    mutating func feed(_ bytes: [UInt8]) throws(ReplyDefect) -> [StreamStep]

    /// The body has ended in an orderly way. Gives what that end completes; a wire without an
    /// end mark of its own tells `ended` here, if the answer was whole.
    mutating func finish() throws(ReplyDefect) -> [StreamStep]
}
