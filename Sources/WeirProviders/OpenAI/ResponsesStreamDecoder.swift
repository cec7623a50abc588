import WeirCore

/// Reads a streamed `response` of the Responses API.
struct ResponsesStreamDecoder: ReplyStreamDecoder {
    mutating func feed(_ bytes: [UInt8]) throws(ReplyDefect) -> [StreamStep] {
        throw ReplyDefect("streams can't be read yet")
    }

    mutating func finish() throws(ReplyDefect) -> [StreamStep] { [] }
}
