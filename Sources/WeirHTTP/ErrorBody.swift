import HTTPTypes
import WeirCore
import WeirService

/// The only door through which an error leaves the process.
enum ErrorBody {
    static func answer(_ error: WeirError, request: RequestID) -> Answer {
        var answer = Answer(
            status: error.code.status, body: CompletionBody.error(error, request: request))
        if !error.code.isRetryable { answer.headers.append(noRetry) }
        if let seconds = error.retryAfter {
            answer.headers.append(HTTPField(name: .retryAfter, value: String(seconds)))
        }
        if error.code == .unauthorized {
            answer.headers.append(HTTPField(name: .wwwAuthenticate, value: "Bearer"))
        }
        return answer
    }

    /// Tells SDKs that the same request will fail again, whatever its status suggests.
    static let noRetry = HTTPField(name: .shouldRetry, value: "false")
}
