/// Everything that Weir refuses or fails with. The code is a promise: clients switch on it.
package struct WeirError: Error, Sendable {
    package let code: Code
    /// For a person; never holds a secret, a provider's host or an internal path.
    package let message: String
    /// The request field at fault.
    package let param: String?
    /// Seconds after which another try makes sense.
    package let retryAfter: Int?
    /// Of a call that came too early.
    package let rate: CallStanding?
    /// What a program may want to know besides, in Weir's own form of an error.
    package let details: [JSONObject.Member]
    /// Of a refusal for want of budget: when that begins anew.
    package var budgetReset: Timestamp?

    package init(
        _ code: Code, _ message: String, param: String? = nil, retryAfter: Int? = nil,
        rate: CallStanding? = nil, details: [JSONObject.Member] = []
    ) {
        self.code = code
        self.message = message
        self.param = param
        self.retryAfter = retryAfter ?? code.defaultRetryAfter
        self.rate = rate
        self.details = details
    }

    package enum Code: String, Sendable, CaseIterable {
        case invalidRequest = "invalid_request"
        case unknownModel = "unknown_model"
        case unpricedModel = "unpriced_model"
        case unauthorized
        case forbidden
        case moduleInactive = "ai_module_inactive"
        case moduleExpired = "ai_module_expired"
        case featureDisabled = "ai_feature_disabled"
        case killSwitch = "ai_kill_switch"
        case budgetExceeded = "ai_budget_exceeded"
        case notFound = "not_found"
        case methodNotAllowed = "method_not_allowed"
        case payloadTooLarge = "payload_too_large"
        case unsupportedMediaType = "unsupported_media_type"
        case conflict
        case idempotencyInProgress = "idempotency_in_progress"
        case idempotencyMismatch = "idempotency_mismatch"
        case unsafeInput = "unsafe_input"
        case unsafeOutput = "unsafe_output"
        case rateLimited = "rate_limited"
        case internalError = "internal_error"
        case providerError = "provider_error"
        case serviceUnavailable = "ai_service_unavailable"
        case providerUnavailable = "provider_unavailable"
        case overloaded
        case providerTimeout = "provider_timeout"
    }
}

extension WeirError.Code {
    /// The HTTP status that carries this code.
    package var status: Int {
        switch self {
        case .invalidRequest, .unknownModel, .unpricedModel: 400
        case .unauthorized: 401
        case .budgetExceeded: 402
        case .forbidden, .moduleInactive, .moduleExpired, .featureDisabled, .killSwitch: 403
        case .notFound: 404
        case .methodNotAllowed: 405
        case .conflict, .idempotencyInProgress: 409
        case .payloadTooLarge: 413
        case .unsupportedMediaType: 415
        case .idempotencyMismatch, .unsafeInput: 422
        case .rateLimited: 429
        case .internalError: 500
        case .providerError, .unsafeOutput: 502
        case .serviceUnavailable, .providerUnavailable, .overloaded: 503
        case .providerTimeout: 504
        }
    }

    /// Whether the same request may succeed later without anybody changing anything. A budget
    /// refusal is never retried: SDKs are told so by `x-should-retry: false`.
    package var isRetryable: Bool {
        switch self {
        case .idempotencyInProgress, .rateLimited, .serviceUnavailable, .providerUnavailable,
            .overloaded:
            true
        case .invalidRequest, .unknownModel, .unpricedModel, .unauthorized, .forbidden,
            .moduleInactive, .moduleExpired, .featureDisabled, .killSwitch, .budgetExceeded,
            .notFound, .methodNotAllowed, .payloadTooLarge, .unsupportedMediaType, .conflict,
            .idempotencyMismatch, .unsafeInput, .unsafeOutput, .internalError, .providerError,
            .providerTimeout:
            false
        }
    }

    /// Seconds; every 429 and 503 carries a Retry-After.
    fileprivate var defaultRetryAfter: Int? {
        switch self {
        case .idempotencyInProgress: 1
        case .rateLimited, .serviceUnavailable, .providerUnavailable, .overloaded: 5
        default: nil
        }
    }
}
