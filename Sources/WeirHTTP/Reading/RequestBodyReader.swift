import HTTPTypes
import WeirCore

/// Turns a request's body into JSON, by the rules that every endpoint shares.
enum RequestBodyReader {
    /// Refuses by its head what needn't be read.
    static func check(_ headers: HTTPFields, limit: Int) throws(WeirError) {
        guard let text = headers[.contentLength] else { return }
        guard let length = Int(text), length >= 0, length <= limit else { throw tooLarge(limit) }
    }

    static func tooLarge(_ limit: Int) -> WeirError {
        WeirError(.payloadTooLarge, "The body is larger than \(limit) bytes")
    }

    static func json(_ bytes: [UInt8], headers: HTTPFields) throws(WeirError) -> JSON {
        try requireJSON(headers)
        do {
            return try JSONParser.parse(bytes, .request)
        } catch {
            throw WeirError(
                .invalidRequest,
                "The body is not valid JSON: \(error.reason) at byte \(error.offset)",
                param: MemberLocator.member(in: bytes, at: error.offset))
        }
    }

    private static func requireJSON(_ headers: HTTPFields) throws(WeirError) {
        let types = headers[values: .contentType]
        guard types.count == 1, isJSON(types[0]) else {
            throw WeirError(.unsupportedMediaType, "The Content-Type must be application/json")
        }
        let coding = headers[.contentEncoding]
        guard coding == nil || coding == "identity" else {
            throw WeirError(.unsupportedMediaType, "A Content-Encoding is not supported")
        }
    }

    /// `application/json`, with no parameter or `charset=utf-8`.
    private static func isJSON(_ type: String) -> Bool {
        let semicolon = UInt8(ascii: ";")
        let parts = type.utf8.split(separator: semicolon, omittingEmptySubsequences: false)
            .map { part in
                String(decoding: part.filter { $0 != 0x20 && $0 != 0x09 }, as: UTF8.self)
                    .lowercased()
            }
        guard parts.first == "application/json", parts.count <= 2 else { return false }
        return parts.count == 1 || parts[1] == "charset=utf-8" || parts[1] == "charset=\"utf-8\""
    }
}
