import WeirCore

extension StoredReply {
    /// An error is kept in Weir's own form, whoever asked, as recovery writes it too.
    init(_ error: WeirError, request: RequestID) {
        self.init(
            status: error.code.status, body: CompleteDialect().encode(error, request: request))
    }

    /// As a client of `dialect` gets it.
    func body(for dialect: any ClientReplyDialect) -> [UInt8] {
        guard status >= 400, dialect.wire != .complete else { return body }
        let kept = keptError
        let message = kept?["message"]?.string ?? "The call failed"
        let request = kept?["request_id"]?.string.flatMap { RequestID($0) }
        return dialect.encode(
            WeirError(code ?? .providerError, message, param: kept?["param"]?.string),
            request: request ?? .operatorKey)
    }

    /// What went wrong; nil for an answer.
    var code: WeirError.Code? {
        guard status >= 400 else { return nil }
        return keptError?["error"]?.string.flatMap(WeirError.Code.init) ?? .providerError
    }

    private var keptError: JSON? {
        do throws(JSONError) {
            return try JSONParser.parse(body, .reply)
        } catch {
            // Not written by this version: the code above says that much.
            return nil
        }
    }
}
