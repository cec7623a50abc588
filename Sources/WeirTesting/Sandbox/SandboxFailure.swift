/// An error answer, before it is put in a provider's own words.
struct SandboxFailure: Error, Sendable {
    var status: Int
    var message: String
    /// The field at fault (`messages[0].role`).
    var parameter: String?
    /// The machine-readable code; nil: the provider's usual one for the status.
    var code: String?
    /// Seconds to wait.
    var retryAfter: Int?
    /// Whether the wait is told as a date.
    var tellsDate = false

    init(
        status: Int, _ message: String, parameter: String? = nil, code: String? = nil,
        retryAfter: Int? = nil
    ) {
        self.status = status
        self.message = message
        self.parameter = parameter
        self.code = code
        self.retryAfter = retryAfter
    }
}

extension SandboxFailure {
    /// A failure that a behaviour asked for.
    static func commanded(status: Int, code: String?, retryAfter: Int?) -> SandboxFailure {
        let message =
            switch status {
            case 401: "Incorrect API key provided."
            case 402: "Insufficient balance."
            case 403: "You are not allowed to do this."
            case 404: "The requested resource was not found."
            case 429: "Rate limit reached. Please try again later."
            case 500: "The server had an error while processing your request."
            case 503, 529: "The service is currently overloaded. Please try again later."
            default: "Sandbox error with status \(status)."
            }
        return SandboxFailure(status: status, message, code: code, retryAfter: retryAfter)
    }
}
