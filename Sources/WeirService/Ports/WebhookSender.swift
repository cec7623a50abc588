package import WeirCore

/// Sends a delivery to its address. Two implementations: real HTTP, and a fake for tests.
package protocol WebhookSender: Sendable {
    /// Sends once, to an address that may be told now.
    func send(_ message: WebhookMessage) async -> WebhookAnswer
}

package struct WebhookMessage: Sendable, Equatable {
    package let url: String
    package let headers: [HeaderField]
    package let body: [UInt8]

    package init(url: String, headers: [HeaderField], body: [UInt8]) {
        self.url = url
        self.headers = headers
        self.body = body
    }
}

package enum WebhookAnswer: Sendable, Equatable {
    /// - Parameter retryAfter: seconds.
    case answered(status: Int, retryAfter: Int?)
    /// None came, for this reason.
    case failed(String)
}
