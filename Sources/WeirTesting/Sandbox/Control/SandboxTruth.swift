/// One request as the provider's bill would show it.
///
/// `input_tokens` includes what was read from and written to the cache; `output_tokens` includes
/// reasoning, whatever the protocol's own fields count. A stream that breaks off, or whose client
/// leaves, is billed for what was generated until then.
struct SandboxTruth: Sendable {
    let identifier: SandboxIdentifier
    let route: SandboxRoute
    let clientRequestID: String?
    var model = ""
    var status = 0
    var isBilled = false
    var usage = SandboxUsage()
    /// Whether the client is given the usage in full.
    var isReported = false
    var behaviour: String?
    var recording: String?
    /// Whether it came in a batch, which costs half.
    var isBatch = false

    init(identifier: SandboxIdentifier, route: SandboxRoute, clientRequestID: String?) {
        self.identifier = identifier
        self.route = route
        self.clientRequestID = clientRequestID
        model = route.model ?? ""
    }

    /// The line of the truth log.
    var line: String {
        "{\"n\":\(identifier.serial),\"time_ms\":\(identifier.milliseconds),"
            + "\"provider\":\"\(route.provider.rawValue)\","
            + "\"endpoint\":\"\(route.endpoint.rawValue)\","
            + "\"model\":\(SandboxJSON.quote(model)),"
            + "\"client_request_id\":\(SandboxJSON.quote(clientRequestID)),"
            + "\"status\":\(status),\"billed\":\(isBilled),\"batch\":\(isBatch),"
            + "\"input_tokens\":\(usage.input),\"output_tokens\":\(usage.output),"
            + "\"cached_tokens\":\(usage.cached),\"cache_write_tokens\":\(usage.cacheWrite),"
            + "\"reasoning_tokens\":\(usage.reasoning),\"usage_reported\":\(isReported),"
            + "\"behaviour\":\(SandboxJSON.quote(behaviour)),"
            + "\"recording\":\(SandboxJSON.quote(recording))}\n"
    }
}
