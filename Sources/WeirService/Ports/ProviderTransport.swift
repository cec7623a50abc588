package import WeirCore

/// Carries requests to providers. Two implementations: real HTTP, and a fake for tests.
package protocol ProviderTransport: Sendable {
    /// Sends one request once. Never retries after a byte of it has left; goes on after the
    /// caller's task was cancelled, since what is sent is billed.
    func send(_ call: UpstreamCall) async -> UpstreamOutcome

    /// Sends a request once, like `send`, and gives a 2xx reply as it comes. An error reply is
    /// collected whole.
    func open(_ call: UpstreamCall, within limits: StreamLimits) async -> UpstreamOpening

    /// A GET that costs nothing, to see whether a provider answers; true for any HTTP status that
    /// proves it alive (not 5xx).
    func probe(_ provider: ProviderName, path: String, headers: [HeaderField]) async -> Bool
}

/// One request to one provider, below its configured base URL.
package struct UpstreamCall: Sendable {
    package let provider: ProviderName
    package let method: Method
    package let path: String
    package let headers: [HeaderField]
    package let body: [UInt8]
    /// From now to the last byte of the reply.
    package let timeout: Duration

    /// A `get` has no body, and changes nothing at the provider.
    package enum Method: Sendable { case get, post }

    package init(
        provider: ProviderName, method: Method = .post, path: String, headers: [HeaderField],
        body: [UInt8], timeout: Duration
    ) {
        self.provider = provider
        self.method = method
        self.path = path
        self.headers = headers
        self.body = body
        self.timeout = timeout
    }
}

/// How long a streamed reply may take; what takes longer is lost by timeout.
package struct StreamLimits: Sendable, Equatable {
    /// From sending to the first token, and from one to the next. Time in which nobody takes what
    /// has come doesn't count.
    package var firstToken = Duration.seconds(30)
    package var betweenTokens = Duration.seconds(30)
    /// From sending to the reply's last byte.
    package var total = Duration.seconds(600)
    /// How long a stream is read on after its client has left.
    package var drain = Duration.seconds(60)

    package init() {}
}

/// What became of a request for a stream.
package enum UpstreamOpening: Sendable {
    /// A whole reply, which is no 2xx.
    case reply(UpstreamReply)
    case stream(any UpstreamBody)
    case notSent(String)
    case lost(UpstreamOutcome.Loss)
}

/// The body of a streamed 2xx reply. One task reads it, to its end or until `cancel`.
package protocol UpstreamBody: AnyObject, Sendable {
    /// Waits for more, whatever becomes of the caller's task. After `end` or `lost` comes nothing.
    func next() async -> UpstreamChunk

    /// A token was among what came: the wait for the next one begins.
    func noteToken()

    /// The answer is complete: what little may still come is thrown away, and the connection is
    /// kept where its end comes at once.
    func discard()

    /// Nothing more is wanted: the connection is closed, `next` tells that it is lost.
    func cancel()
}

package enum UpstreamChunk: Sendable, Equatable {
    case bytes([UInt8])
    /// The reply was whole, as far as HTTP can tell.
    case end
    case lost(UpstreamOutcome.Loss)
}

package enum UpstreamOutcome: Sendable, Equatable {
    /// A whole, well-framed HTTP reply.
    case reply(UpstreamReply)
    /// Proved: no byte of the request left this process (name, connection or TLS failed).
    case notSent(String)
    /// It was sent, at least in part, and no whole reply came: it may have been billed.
    case lost(Loss)

    package enum Loss: Sendable, Equatable {
        case timeout
        /// Closed or reset before the reply's end, a reply longer or shorter than it said.
        case broken(String)
        /// Not HTTP, or over a limit of size.
        case malformed(String)
    }
}

package struct UpstreamReply: Sendable, Equatable {
    package let status: Int
    /// `retry-after` in seconds, where the provider sent one that can be read; capped.
    package let retryAfter: Int?
    package let body: [UInt8]

    package init(status: Int, retryAfter: Int? = nil, body: [UInt8]) {
        self.status = status
        self.retryAfter = retryAfter
        self.body = body
    }
}
