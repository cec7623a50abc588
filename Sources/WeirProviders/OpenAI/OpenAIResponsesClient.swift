package import WeirCore

/// Clients of OpenAI's Responses API.
///
/// Nothing is stored for them: `previous_response_id`, `conversation` and the like would reach into
/// an account that all tenants share, and are refused; `store` is no promise that they rely on.
package struct OpenAIResponsesClient: ClientDialect {
    package init() {}

    package var wire: Wire { .responses }

    package func decode(
        _ body: JSONObject, model: ModelName?, isStream: Bool?
    ) throws(WeirError) -> ClientRequest {
        var request = ResponsesRequest(body)
        return try request.read(model: model, isStream: isStream)
    }

    package func encode(_ reply: ChatReply, _ context: ReplyContext) -> [UInt8] {
        ResponsesBody(context).encode(reply)
    }

    package func stream(
        _ context: ReplyContext, _ options: StreamOptions
    ) -> any ClientStreamEncoder {
        ResponsesStreamEncoder(context)
    }

    package func encode(_ error: WeirError, request: RequestID) -> [UInt8] {
        openAIErrorBody(error).encoded
    }
}
