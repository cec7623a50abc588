/// One message of a conversation. What a tool answered is part of a user's message.
package struct ChatMessage: Sendable, Equatable {
    package enum Role: String, Sendable { case user, assistant }

    package var role: Role
    package var parts: [ChatPart]

    package init(role: Role, parts: [ChatPart]) {
        self.role = role
        self.parts = parts
    }

    package init(role: Role, text: String) {
        self.init(role: role, parts: [.text(text)])
    }

    /// Everything in it that can be read as prose, tools' answers included, parts joined by line
    /// feeds. Thinking isn't: it goes back to its provider as it came.
    package var text: String {
        // Hardly ever more than one part: that one is given without a copy.
        if parts.count == 1, case .text(let text) = parts[0] { return text }
        return parts.flatMap(\.texts).joined(separator: "\n")
    }
}

/// A piece of a message.
package enum ChatPart: Sendable, Equatable {
    case text(String)
    case image(ChatMedia)
    case document(ChatMedia, name: String?)
    case toolCall(ToolCall)
    case toolResult(ToolResult)
    case thinking(Thinking)

    /// The prose in it.
    fileprivate var texts: [String] {
        switch self {
        case .text(let text): [text]
        case .toolResult(let result): result.content.flatMap(\.texts)
        case .document(let media, _): if case .text(let text) = media.source { [text] } else { [] }
        case .image, .toolCall, .thinking: []
        }
    }

    /// The same part with every prose text put through `change`, which gives nil where a text may
    /// stay as it is; nil where all do.
    package func mapTexts(_ change: (String) -> String?) -> ChatPart? {
        switch self {
        case .text(let text): return change(text).map(ChatPart.text)
        case .toolResult(var result):
            var isChanged = false
            for index in result.content.indices {
                guard let part = result.content[index].mapTexts(change) else { continue }
                result.content[index] = part
                isChanged = true
            }
            return isChanged ? .toolResult(result) : nil
        case .document(var media, let name):
            guard case .text(let text) = media.source, let changed = change(text) else {
                return nil
            }
            media.source = .text(changed)
            return .document(media, name: name)
        case .image, .toolCall, .thinking: return nil
        }
    }
}

/// A picture or a document, by value or by address.
package struct ChatMedia: Sendable, Equatable {
    package enum Source: Sendable, Equatable {
        /// Base64 with padding, as it was sent; never decoded here.
        case base64(String)
        /// The provider fetches it; Weir never does.
        case url(String)
        /// A document that is plain text.
        case text(String)
    }

    package var source: Source
    /// `image/png`, `application/pdf`; nil where only the address can tell.
    package var mediaType: String?
    /// How closely an image is to be looked at, in OpenAI's words: `low`, `high`, `auto`.
    package var detail: String?

    package init(source: Source, mediaType: String? = nil, detail: String? = nil) {
        self.source = source
        self.mediaType = mediaType
        self.detail = detail
    }
}

/// A function call that the model asks for.
package struct ToolCall: Sendable, Equatable {
    /// The provider's id; nil where it gives none (Gemini).
    package var id: String?
    package var name: String
    package var arguments: JSON
    /// What a provider wants back with the call in the next turn (Gemini's `thoughtSignature`).
    package var signature: ThoughtSignature?

    package init(
        id: String?, name: String, arguments: JSON, signature: ThoughtSignature? = nil
    ) {
        self.id = id
        self.name = name
        self.arguments = arguments
        self.signature = signature
    }
}

/// What a function answered.
package struct ToolResult: Sendable, Equatable {
    /// The id of the call that it answers; nil where the wire has none.
    package var callID: String?
    /// The function's name; nil where the wire tells the call's id only.
    package var name: String?
    /// Texts, images and documents.
    package var content: [ChatPart]
    package var isError: Bool

    package init(
        callID: String?, name: String? = nil, content: [ChatPart], isError: Bool = false
    ) {
        self.callID = callID
        self.name = name
        self.content = content
        self.isError = isError
    }
}

/// What a model thought, as far as its provider tells, with the proof that the provider wants back.
package struct Thinking: Sendable, Equatable {
    package var text: String
    package var signature: ThoughtSignature?
    /// Thoughts that only the provider can read; `text` is empty then.
    package var redacted: ThoughtSignature?

    package init(
        text: String, signature: ThoughtSignature? = nil, redacted: ThoughtSignature? = nil
    ) {
        self.text = text
        self.signature = signature
        self.redacted = redacted
    }
}

/// A provider's proof of its own thoughts, opaque to everybody else. No other provider takes it.
package struct ThoughtSignature: Sendable, Equatable {
    /// The wire in which it was given.
    package let origin: Wire
    package let value: String

    package init(origin: Wire, value: String) {
        self.origin = origin
        self.value = value
    }

    /// Reads what a client of `wire` sends back: its own, or a marked one of another wire.
    package init(_ text: String, from wire: Wire) {
        for other in Wire.allCases {
            let mark = ThoughtSignature.mark(other)
            guard text.utf8.starts(with: mark.utf8) else { continue }
            self.init(origin: other, value: String(text.dropFirst(mark.count)))
            return
        }
        self.init(origin: wire, value: text)
    }

    /// As a client of `wire` gets it: what another wire gave is marked, to be known again.
    package func text(for wire: Wire) -> String {
        wire == origin ? value : ThoughtSignature.mark(origin) + value
    }

    private static func mark(_ wire: Wire) -> String { "weir:\(wire.rawValue):" }
}
