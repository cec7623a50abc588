import HTTPTypes
import WeirCore

/// The service key that a request carries.
enum Credentials {
    /// Nil where there is none; 401 where there are two different ones, or another scheme.
    static func token(in headers: HTTPFields) throws(WeirError) -> String? {
        var found: String?
        for value in headers[values: .authorization] {
            try take(try bearer(value), into: &found)
        }
        for name in [HTTPField.Name.apiKey, .googleAPIKey] {
            for value in headers[values: name] { try take(value, into: &found) }
        }
        return found
    }

    /// What could be a key in a field's value, whatever scheme stands before it.
    static func text(in value: String) -> String {
        let last = value.utf8.split(separator: 0x20).last ?? value.utf8[...]
        return String(decoding: last, as: UTF8.self)
    }

    /// The token behind `Bearer`; the scheme's case doesn't matter (RFC 9110, section 11.1).
    private static func bearer(_ value: String) throws(WeirError) -> String {
        let bytes = Array(value.utf8)
        let scheme = Array("bearer ".utf8)
        let isBearer =
            bytes.count > scheme.count
            && zip(bytes, scheme).allSatisfy { $0 == $1 || ($0 | 0x20 == $1 && $1 >= 0x61) }
        guard isBearer else {
            throw WeirError(.unauthorized, "The Authorization header must be a Bearer token")
        }
        let token = bytes[scheme.count...].drop { $0 == 0x20 }
        return String(decoding: token, as: UTF8.self)
    }

    private static func take(_ token: String, into found: inout String?) throws(WeirError) {
        if let other = found, Array(other.utf8) != Array(token.utf8) {
            throw WeirError(.unauthorized, "The request carries two different credentials")
        }
        found = token
    }
}
