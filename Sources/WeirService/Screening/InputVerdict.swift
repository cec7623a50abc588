package import WeirCore

/// What becomes of a prompt.
package enum InputVerdict: Sendable, Equatable {
    case pass(ScreenedInput)
    case block(InputRefusal)
}

/// A prompt that may be sent, cleaned and scrubbed as its feature's policy says.
///
/// It can be longer than what came in: count its tokens, not the original's.
package struct ScreenedInput: Sendable, Equatable {
    package var system: String?
    package var messages: [ChatMessage]
    package var findings: [Finding]
}

/// Why a prompt is refused.
package struct InputRefusal: Sendable, Equatable {
    package let findings: [Finding]
    /// Where the first finding lies that led to the refusal.
    package let place: Place
    /// For the caller: kinds, never values.
    package let message: String

    package enum Place: Sendable, Equatable {
        case system
        case message(Int)
    }

    /// 422 `unsafe_input`.
    ///
    /// - Parameter userMessage: the index of the message that came as `user_message`, if any.
    package func error(userMessage: Int? = nil) -> WeirError {
        let param =
            switch place {
            case .system: "system_prompt"
            case .message(let index) where index == userMessage: "user_message"
            case .message(let index): "messages[\(index)]"
            }
        return WeirError(.unsafeInput, message, param: param)
    }
}
