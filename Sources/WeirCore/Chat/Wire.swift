/// A form in which completions are asked for and answered. A client that speaks a wire which the
/// provider speaks too is passed through; between two wires everything is translated by way of
/// `ChatRequest` and `ChatReply`.
package enum Wire: String, Sendable, CaseIterable {
    /// `POST /ai/complete`, which no provider speaks.
    case complete
    /// OpenAI's `/v1/chat/completions`, and whoever imitates it.
    case chatCompletions = "chat.completions"
    /// OpenAI's `/v1/responses`.
    case responses
    /// Anthropic's `/v1/messages`.
    case messages
    /// Gemini's `:generateContent` and `:streamGenerateContent`.
    case generateContent = "generate_content"
}
