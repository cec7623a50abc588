import Crypto
package import WeirCore

/// Signs identities and checks their signatures: HMAC-SHA256 over the method, the target and the
/// identity's own text, which holds the body's digest.
package struct IdentitySeal: Sendable {
    private let secrets: [SymmetricKey]

    /// The fewest bytes of a secret.
    package static let secretLength = 32

    /// - Parameter secrets: the first one signs, each one is accepted: while a secret is changed,
    ///   there are two.
    package init(secrets: [[UInt8]]) {
        precondition(!secrets.isEmpty, "an identity is signed by a secret")
        self.secrets = secrets.map { SymmetricKey(data: $0) }
    }

    /// What `open` reads.
    ///
    /// - Throws: `forbidden` where the caller's reach is too long to be carried.
    package func seal(
        _ identity: CallerIdentity, method: String, target: String
    ) throws(WeirError) -> String {
        let text = identity.text
        guard text.utf8.count <= CallerIdentity.textLimit else {
            throw WeirError(.forbidden, "The key reaches too many tenants to be passed on")
        }
        let code = HMAC<SHA256>.authenticationCode(
            for: IdentitySeal.message(text, method, target), using: secrets[0])
        return "\(text);\(hexadecimal(Array(code)))"
    }

    /// The identity behind a signature that is one of ours for just this method and target. Its
    /// time, its nonce and the body are for the caller to check.
    ///
    /// - Throws: `unauthorized`, whatever is wrong with it.
    package func open(
        _ sealed: String, method: String, target: String
    ) throws(WeirError) -> CallerIdentity {
        guard sealed.utf8.count <= CallerIdentity.textLimit + 65,
            let cut = sealed.utf8.lastIndex(of: UInt8(ascii: ";")),
            let code = bytes(hexadecimal: String(sealed[sealed.utf8.index(after: cut)...]))
        else { throw IdentitySeal.refusal }
        let text = sealed[..<cut]
        let message = IdentitySeal.message(String(text), method, target)
        // Compared in constant time.
        let isOurs = secrets.contains {
            HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: message, using: $0)
        }
        guard isOurs, let identity = CallerIdentity(text: text) else { throw IdentitySeal.refusal }
        return identity
    }

    /// No method and no target holds a line break.
    private static func message(_ text: String, _ method: String, _ target: String) -> [UInt8] {
        Array("weir-identity\n\(method)\n\(target)\n\(text)".utf8)
    }

    private static var refusal: WeirError {
        WeirError(.unauthorized, "The identity isn't signed for this request")
    }
}
