extension SandboxBehaviour {
    /// What can be asked for; the raw value is the name that is written.
    enum Key: String, CaseIterable, Sendable {
        /// Time before the first byte.
        case latency = "latency_ms"
        /// An error (300…599) in the provider's own shape, unbilled.
        case status
        /// Seconds, with `status`: a header, or Gemini's RetryInfo.
        case retryAfter = "retry_after"
        /// Tells `retry_after` as a date in the header, whoever the provider.
        case retryAfterDate = "retry_after_date"
        /// The error's machine-readable code, with `status`.
        case errorCode = "error_code"
        /// `true` with `status`: the work was done and is billed; `false`: an answer for nothing.
        case billed

        /// No answer at all (billed, as what follows is).
        case hang
        case hangAfterHeaders = "hang_after_headers"
        /// RST at once, or after so many bytes of the body.
        case reset
        case resetAfter = "reset_after"
        /// FIN after so many bytes of the body.
        case closeAfter = "close_after"
        /// What is added to the true Content-Length; streams get one, too.
        case contentLength = "content_length"
        /// The body in small parts: a pause before each, and their size.
        case dripMilliseconds = "drip_ms"
        case dripBytes = "drip_bytes"
        /// So many header lines of about 90 bytes.
        case headerBomb = "header_bomb"
        /// An HTTP/1.0 answer that ends with the connection where it has no length.
        case http10
        /// `connection: close`.
        case close

        /// 200 with: text, truncated, html, empty, type (JSON called text/plain), binary.
        case garbage
        /// A text of so many MiB.
        case big
        /// So deep an array within the first JSON object.
        case nested
        /// 200 without choices, candidates or content.
        case empty
        /// The finish reason, verbatim (Responses: the status).
        case finish
        /// A tool call instead of text: of the named tool, else of the first one defined.
        case tool

        /// Ends the connection after so many events.
        case breakAfter = "break_after"
        /// Leaves the stream's last event out (`[DONE]`, `message_stop`, …).
        case noEnd = "no_end"
        /// An error event after so many events, then the end.
        case errorEvent = "error_event"

        /// How usage is told: absent, null, zero, negative, huge (2^63 and 1e30), fraction,
        /// string, duplicate (each key twice, 1 first), cached_over_input. The truth stays true.
        case usage
        /// True counts. `output_tokens` also makes the text that long, whatever the cap; totals
        /// include cached and reasoning tokens.
        case inputTokens = "input_tokens"
        case outputTokens = "output_tokens"
        case cachedTokens = "cached_tokens"
        case cacheWriteTokens = "cache_write_tokens"
        case reasoningTokens = "reasoning_tokens"

        /// In a batch's call: what becomes of it, unbilled: `expired` or `canceled`; `missing` is
        /// run and has no result.
        case batch
        /// Of a batch's creation: how long the batch takes.
        case batchMilliseconds = "batch_ms"
    }

    /// What a key takes; the standard value stands for the bare name.
    enum Kind {
        case flag
        case number(ClosedRange<Int>, standard: Int?)
        /// An empty list allows any word.
        case word([String], standard: String?)
    }
}

extension SandboxBehaviour.Key {
    var kind: SandboxBehaviour.Kind {
        switch self {
        case .hang, .hangAfterHeaders, .reset, .http10, .close, .empty, .noEnd, .retryAfterDate:
            .flag
        case .latency: .number(0...SandboxLimits.hangMilliseconds, standard: nil)
        case .status: .number(300...599, standard: nil)
        case .retryAfter: .number(0...1_000_000_000, standard: nil)
        case .resetAfter, .closeAfter: .number(0...SandboxLimits.textBytes, standard: nil)
        case .contentLength: .number(-1_000_000...1_000_000, standard: nil)
        case .dripMilliseconds: .number(0...60_000, standard: 20)
        case .dripBytes: .number(1...1_000_000, standard: 16)
        case .headerBomb: .number(1...100_000, standard: 20_000)
        case .big: .number(1...64, standard: 8)
        case .nested: .number(1...1_000_000, standard: 100_000)
        case .breakAfter: .number(0...1_000_000, standard: 3)
        case .errorEvent: .number(0...1_000_000, standard: 3)
        case .inputTokens, .outputTokens, .cachedTokens, .cacheWriteTokens, .reasoningTokens:
            .number(0...1_000_000_000_000, standard: nil)
        case .billed: .word(["true", "false"], standard: "true")
        case .batch: .word(["expired", "canceled", "missing"], standard: "expired")
        case .batchMilliseconds: .number(0...86_400_000, standard: nil)
        case .errorCode, .finish: .word([], standard: nil)
        case .tool: .word([], standard: "*")
        case .garbage:
            .word(
                ["text", "truncated", "html", "empty", "type", "binary"], standard: "text")
        case .usage:
            .word(
                [
                    "absent", "negative", "huge", "fraction", "string", "duplicate",
                    "cached_over_input", "null", "zero",
                ], standard: nil)
        }
    }
}
