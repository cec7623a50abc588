import HTTPTypes
import WeirCore
import WeirService

/// What goes back to a client, in no server's types.
struct Answer: Sendable {
    var status: Int
    var body: [UInt8]
    var contentType: String?
    var headers: [HTTPField]
    /// In the place of `body`, where the answer comes in pieces.
    var stream: (any StreamedBody)?
    /// Where the connection speaks WebSocket from here on.
    var upgrade: Upgrade?

    enum Upgrade: Sendable {
        case events(EventSocket)
        /// To an instance whose connection speaks it already.
        case relayed(ForwardedReply)
    }

    /// Whether it is another server's, who has said everything that is to be said of it.
    var isForwarded = false

    static let json = "application/json"

    init(
        status: Int = 200, body: [UInt8], contentType: String? = Answer.json,
        headers: [HTTPField] = []
    ) {
        self.status = status
        self.body = body
        self.contentType = contentType
        self.headers = headers
    }

    init(status: Int = 200, _ json: JSON) { self.init(status: status, body: json.encoded) }

    /// 204: done, and there is nothing to say.
    static let done = Answer(status: 204, body: [], contentType: nil)

    /// Says to a gateway what the call used, once that is known: a stream says it behind its end.
    mutating func tell(_ meter: CallMeter) {
        if let stream {
            self.stream = MeteredBody(stream, meter)
        } else if let tokens = meter.tokens {
            headers.append(HTTPField(name: .tokens, value: String(tokens)))
        }
    }

    /// Every field but those of the message's framing.
    var fields: HTTPFields {
        var fields = HTTPFields()
        fields.reserveCapacity(headers.count + 4)
        if let contentType { fields[.contentType] = contentType }
        if !isForwarded {
            fields[.cacheControl] = "no-store"
            fields[.contentTypeOptions] = "nosniff"
        }
        for field in headers { fields.append(field) }
        return fields
    }
}

extension HTTPField.Name {
    static let requestID = named("x-request-id")
    static let shouldRetry = named("x-should-retry")
    static let contentTypeOptions = named("x-content-type-options")
    static let apiKey = named("x-api-key")
    static let googleAPIKey = named("x-goog-api-key")
    static let idempotencyKey = named("idempotency-key")
    static let lastEventID = named("last-event-id")
    static let idempotentReplayed = named("idempotent-replayed")
    /// Anthropic's name for `x-request-id`.
    static let plainRequestID = named("request-id")
    static let acceleratedBuffering = named("x-accel-buffering")
    static let weirTenant = named("X-Weir-Tenant")
    static let weirUser = named("X-Weir-User")
    static let weirFeature = named("X-Weir-Feature")
    static let weirIdentity = named("x-weir-identity")
    static let errorCode = named(GatewayCall.errorField)
    static let budgetReset = named(GatewayCall.budgetResetField)
    /// From an instance to its gateway alone, as the next one is.
    static let tokens = named(GatewayCall.tokensField)
    static let instance = named(GatewayCall.instanceField)
    static let weirCache = named("x-weir-cache")
    static let anthropicVersion = named("anthropic-version")
    static let anthropicBeta = named("anthropic-beta")
    static let cost = named("x-weir-cost-usd")
    static let attempts = named("x-weir-attempts")
    static let model = named("x-weir-model")
    static let provider = named("x-weir-provider")

    static func named(_ text: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(text) else {
            preconditionFailure("\(text) is no field name")
        }
        return name
    }
}
