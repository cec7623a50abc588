import HTTPTypes
import WeirCore
import WeirService

/// The only door through which an error leaves the process.
enum ErrorBody {
    /// - Parameter dialect: whose form the client reads; Weir's own where nothing else is said.
    static func answer(
        _ error: WeirError, request: RequestID,
        dialect: any ClientReplyDialect = CompleteDialect()
    ) -> Answer {
        var answer = Answer(
            status: error.code.status, body: dialect.encode(error, request: request))
        answer.headers.append(field(error.code))
        if !error.code.isRetryable { answer.headers.append(noRetry) }
        if let seconds = error.retryAfter {
            answer.headers.append(HTTPField(name: .retryAfter, value: String(seconds)))
        }
        if let reset = error.budgetReset {
            answer.headers.append(HTTPField(name: .budgetReset, value: reset.rfc3339))
        }
        if let rate = error.rate { answer.headers += rate.headers(for: dialect.wire) }
        if error.code == .unauthorized {
            answer.headers.append(HTTPField(name: .wwwAuthenticate, value: "Bearer"))
        }
        return answer
    }

    /// The stable code, for whoever doesn't read bodies of this form: a gateway, a drop-in client.
    static func field(_ code: WeirError.Code) -> HTTPField {
        HTTPField(name: .errorCode, value: code.rawValue)
    }

    /// Tells SDKs that the same request will fail again, whatever its status suggests.
    static let noRetry = HTTPField(name: .shouldRetry, value: "false")
}
