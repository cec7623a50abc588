/// The limits of the HTTP surface; every one has a default that holds in production.
package struct ServerSettings: Sendable {
    package var host = "127.0.0.1"
    /// 0 takes any free port; `onListening` tells which.
    package var port = 8080
    /// The longest request body, in bytes.
    package var bodyLimit = 4 * 1_024 * 1_024
    /// All header fields of a request together, in bytes.
    package var headerLimit = 16 * 1_024
    package var headerCountLimit = 100
    /// From a request's first byte to the end of its head.
    package var headTimeout: Duration = .seconds(10)
    /// From the end of a request's head to the end of its body.
    package var bodyTimeout: Duration = .seconds(30)
    /// How long a connection may wait between two requests.
    package var idleTimeout: Duration = .seconds(75)
    /// How long requests are still accepted on shutdown, while `/health/ready` says 503: until
    /// those who send them have noticed.
    package var drainNotice: Duration = .zero
    /// Connections at a time; further ones wait in the kernel until one ends.
    package var connectionLimit = 8_192
    /// Connections of one client's address at a time; a further one is closed at once. Nil: as many
    /// as it likes.
    package var connectionLimitPerAddress: Int?
    /// Connections that the kernel keeps until they are accepted.
    package var backlog = 1_024
    /// `max_tokens` of a completion that names none.
    package var defaultMaxTokens: Int64 = 1_024
    /// The same on the providers' own endpoints, where clients expect longer answers.
    package var dropInMaxTokens: Int64 = 4_096
    /// The longest body there, in bytes: it may carry images.
    package var dropInBodyLimit = 32 * 1_024 * 1_024
    /// How long a client may take nothing of an answer before its connection is closed.
    package var stallTimeout: Duration = .seconds(60)

    package init() {}
}
