package import WeirCore

extension OpenAIChatClient {
    package func stream(
        _ context: ReplyContext, _ options: StreamOptions
    ) -> any ClientStreamEncoder {
        ChatStreamEncoder(self, context, options)
    }

    package func encode(_ error: WeirError, request: RequestID) -> [UInt8] {
        errorBody(error).encoded
    }

    /// OpenAI's four members; the SDKs take the exception's class from the status.
    func errorBody(_ error: WeirError) -> JSON { openAIErrorBody(error) }
}

/// An error as all of OpenAI's endpoints tell it. The code is Weir's own, which is a promise.
func openAIErrorBody(_ error: WeirError) -> JSON {
    [
        "error": [
            "message": .string(error.message), "type": .string(errorType(error.code)),
            "param": error.param.map(JSON.string) ?? .null, "code": .string(error.code.rawValue),
        ]
    ]
}

private func errorType(_ code: WeirError.Code) -> String {
    switch code.status {
    case 401: "authentication_error"
    case 402: "insufficient_quota"
    case 403: "permission_error"
    case 429: "rate_limit_error"
    case 500...: "server_error"
    default: "invalid_request_error"
    }
}
