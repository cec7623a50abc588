import WeirCore

/// Anthropic's words for what went wrong, and the statuses that they come with.
enum AnthropicErrorType: String {
    case invalidRequest = "invalid_request_error"
    case authentication = "authentication_error"
    case billing = "billing_error"
    case permission = "permission_error"
    case notFound = "not_found_error"
    case conflict = "conflict_error"
    case requestTooLarge = "request_too_large"
    case rateLimit = "rate_limit_error"
    case api = "api_error"
    case timeout = "timeout_error"
    case overloaded = "overloaded_error"

    var status: Int {
        switch self {
        case .invalidRequest: 400
        case .authentication: 401
        case .billing: 402
        case .permission: 403
        case .notFound: 404
        case .conflict: 409
        case .requestTooLarge: 413
        case .rateLimit: 429
        case .api: 500
        case .timeout: 504
        case .overloaded: 529
        }
    }

    init(_ code: WeirError.Code) {
        switch code {
        case .invalidRequest, .unknownModel, .unpricedModel, .methodNotAllowed,
            .unsupportedMediaType, .idempotencyMismatch, .unsafeInput:
            self = .invalidRequest
        case .unauthorized: self = .authentication
        case .budgetExceeded: self = .billing
        case .forbidden, .moduleInactive, .moduleExpired, .featureDisabled, .killSwitch:
            self = .permission
        case .notFound: self = .notFound
        case .conflict, .idempotencyInProgress: self = .conflict
        case .payloadTooLarge: self = .requestTooLarge
        case .rateLimited: self = .rateLimit
        case .internalError, .providerError, .unsafeOutput, .serviceUnavailable,
            .providerUnavailable:
            self = .api
        case .providerTimeout: self = .timeout
        case .overloaded: self = .overloaded
        }
    }
}
