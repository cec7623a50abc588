import WeirCore

/// Errors in Google's shape: `error` with the HTTP status as `code`, a canonical status, and
/// details. Weir's own code is the reason in `ErrorInfo`. https://google.aip.dev/193
enum GeminiError {
    static func encode(_ error: WeirError, request: RequestID) -> [UInt8] {
        var body = JSONWriter()
        body.beginObject()
        // First, since SDKs know an error in a stream by how it begins.
        body.name("error")
        body.beginObject()
        body.member("code", Int64(error.code.status))
        body.member("message", error.message)
        body.member("status", status(error.code))
        body.member("details", details(error, request))
        body.endObject()
        body.endObject()
        return body.bytes
    }

    private static func details(_ error: WeirError, _ request: RequestID) -> JSON {
        var details: [JSON] = [
            [
                "@type": type("ErrorInfo"), "reason": .string(error.code.rawValue),
                "domain": "weir",
            ],
            ["@type": type("RequestInfo"), "requestId": .string(request.description)],
        ]
        if let field = error.param {
            let violation: JSON = [
                "field": .string(field), "description": .string(error.message),
            ]
            details.append(["@type": type("BadRequest"), "fieldViolations": [violation]])
        }
        if let seconds = error.retryAfter {
            details.append(["@type": type("RetryInfo"), "retryDelay": .string("\(seconds)s")])
        }
        return .array(details)
    }

    private static func type(_ name: String) -> JSON {
        .string("type.googleapis.com/google.rpc.\(name)")
    }

    /// A spent budget is a precondition, not a shortage: another try helps only once somebody has
    /// changed something.
    private static func status(_ code: WeirError.Code) -> String {
        switch code {
        case .invalidRequest, .unknownModel, .unpricedModel, .payloadTooLarge,
            .unsupportedMediaType, .idempotencyMismatch, .unsafeInput:
            "INVALID_ARGUMENT"
        case .unauthorized: "UNAUTHENTICATED"
        case .budgetExceeded: "FAILED_PRECONDITION"
        case .forbidden, .moduleInactive, .moduleExpired, .featureDisabled, .killSwitch:
            "PERMISSION_DENIED"
        case .notFound: "NOT_FOUND"
        case .methodNotAllowed: "UNIMPLEMENTED"
        case .conflict, .idempotencyInProgress: "ABORTED"
        case .rateLimited: "RESOURCE_EXHAUSTED"
        case .internalError, .providerError, .unsafeOutput: "INTERNAL"
        case .serviceUnavailable, .providerUnavailable, .overloaded: "UNAVAILABLE"
        case .providerTimeout: "DEADLINE_EXCEEDED"
        }
    }
}
