import Foundation

/// Error bodies in each provider's own shape.
enum SandboxErrorBody {
    static func reply(_ failure: SandboxFailure, _ provider: SandboxProvider) -> SandboxReply {
        let body =
            switch provider {
            case .anthropic: anthropic(failure)
            case .gemini: gemini(failure)
            case .openai, .deepseek, .compatible: openAI(failure, provider)
            }
        var reply = SandboxReply(status: failure.status, body: body)
        if let seconds = failure.retryAfter, provider != .gemini || failure.tellsDate {
            let wait = failure.tellsDate ? date(in: seconds) : String(seconds)
            reply.headers.append(("retry-after", wait))
        }
        if 300..<400 ~= failure.status {
            reply.headers.append(("location", "http://127.0.0.1:9/elsewhere"))
        }
        return reply
    }

    /// So many seconds from now, as RFC 9110 has it; parts of a second are left out.
    private static func date(in seconds: Int) -> String {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = .gmt
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        return formatter.string(from: Date(timeIntervalSinceNow: TimeInterval(seconds)))
    }

    static func openAI(_ failure: SandboxFailure, _ provider: SandboxProvider) -> String {
        let (type, code) = openAIType(failure, provider)
        return "{\"error\":{\"message\":\(SandboxJSON.quote(failure.message)),"
            + "\"type\":\(SandboxJSON.quote(type)),"
            + "\"param\":\(SandboxJSON.quote(failure.parameter)),"
            + "\"code\":\(SandboxJSON.quote(failure.code ?? code))}}"
    }

    static func anthropic(_ failure: SandboxFailure) -> String {
        let type =
            switch failure.status {
            case 401: "authentication_error"
            case 402: "billing_error"
            case 403: "permission_error"
            case 404: "not_found_error"
            case 413: "request_too_large"
            case 429: "rate_limit_error"
            case 504: "timeout_error"
            case 529: "overloaded_error"
            case 500...: "api_error"
            default: "invalid_request_error"
            }
        return "{\"type\":\"error\",\"error\":{\"type\":"
            + SandboxJSON.quote(failure.code ?? type)
            + ",\"message\":\(SandboxJSON.quote(failure.message))},"
            + "\"request_id\":\"req_sandbox\"}"
    }

    static func gemini(_ failure: SandboxFailure) -> String {
        let name =
            switch failure.status {
            case 400: "INVALID_ARGUMENT"
            case 401: "UNAUTHENTICATED"
            case 403: "PERMISSION_DENIED"
            case 404: "NOT_FOUND"
            case 429: "RESOURCE_EXHAUSTED"
            case 499: "CANCELLED"
            case 503: "UNAVAILABLE"
            case 504: "DEADLINE_EXCEEDED"
            case 500...: "INTERNAL"
            default: "FAILED_PRECONDITION"
            }
        var details: [String] = []
        if let code = failure.code {
            details.append(
                "{\"@type\":\"type.googleapis.com/google.rpc.ErrorInfo\",\"reason\":"
                    + SandboxJSON.quote(code) + ",\"domain\":\"googleapis.com\"}")
        }
        if let field = failure.parameter {
            details.append(
                "{\"@type\":\"type.googleapis.com/google.rpc.BadRequest\",\"fieldViolations\":"
                    + "[{\"field\":\(SandboxJSON.quote(field)),\"description\":"
                    + "\(SandboxJSON.quote(failure.message))}]}")
        }
        if let seconds = failure.retryAfter, !failure.tellsDate {
            details.append(
                "{\"@type\":\"type.googleapis.com/google.rpc.RetryInfo\","
                    + "\"retryDelay\":\"\(seconds)s\"}")
        }
        let list = details.isEmpty ? "" : ",\"details\":[\(details.joined(separator: ","))]"
        return "{\"error\":{\"code\":\(failure.status),"
            + "\"message\":\(SandboxJSON.quote(failure.message)),"
            + "\"status\":\"\(name)\"\(list)}}"
    }

    private static func openAIType(
        _ failure: SandboxFailure, _ provider: SandboxProvider
    ) -> (type: String, code: String?) {
        if provider == .deepseek {
            switch failure.status {
            case 401: return ("authentication_error", "invalid_request_error")
            case 402: return ("unknown_error", "invalid_request_error")
            case 429: return ("rate_limit_error", "rate_limit_reached")
            case 500...: return ("server_error", "internal_error")
            default: return ("invalid_request_error", "invalid_request_error")
            }
        }
        switch failure.status {
        case 401: return ("invalid_request_error", "invalid_api_key")
        case 429:
            let isQuota = failure.code == "insufficient_quota"
            return (isQuota ? "insufficient_quota" : "requests", "rate_limit_exceeded")
        case 500...: return ("server_error", nil)
        default: return ("invalid_request_error", nil)
        }
    }

    /// RFC 9110's IMF-fixdate of a moment that many seconds from now.
    private static func httpDate(in seconds: Int) -> String {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = .gmt
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        return formatter.string(from: Date(timeIntervalSinceNow: TimeInterval(seconds)))
    }
}
