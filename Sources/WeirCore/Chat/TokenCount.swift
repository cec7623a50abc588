/// How a provider is asked how many tokens a request would have; it costs nothing.
package protocol TokenCountDialect: Sendable {
    /// Throws `invalid_request` with the name of what can't be carried.
    func encodeCount(_ request: ChatRequest) throws(WeirError) -> EncodedRequest
    /// A client's own body of this provider's wire with nothing but the model changed.
    func passThroughCount(_ body: JSONObject, model: ModelName) -> EncodedRequest
    func decodeCount(_ body: [UInt8]) throws(ReplyDefect) -> Int64
}

/// How clients ask for it.
package protocol ClientTokenCountDialect: Sendable {
    var wire: Wire { get }
    /// - Parameter model: the model where the path names it (Gemini); else nil.
    func decodeCount(_ body: JSONObject, model: ModelName?) throws(WeirError) -> ClientRequest
    func encode(count: Int64) -> [UInt8]
}
