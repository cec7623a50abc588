import Crypto
package import WeirCore

/// Proves to a receiver who speaks and when: HMAC-SHA256 over id, time and body, by the tenant's
/// own secrets or those of all. While one is replaced by another there are two, and a signature by
/// each.
package struct WebhookSeal: Sendable {
    private let secrets: [[UInt8]]
    private let tenants: [TenantID: [[UInt8]]]

    package init(secrets: [[UInt8]], tenants: [TenantID: [[UInt8]]] = [:]) {
        self.secrets = secrets
        self.tenants = tenants
    }

    /// - Parameter now: when it is sent; a receiver doesn't take what is minutes old.
    package func headers(_ delivery: WebhookDelivery, at now: Timestamp) -> [HeaderField] {
        let time = String(now.milliseconds / 1_000)
        let text = Array("\(delivery.id).\(time).".utf8) + delivery.body
        let signatures = (tenants[delivery.tenant] ?? secrets).map { secret in
            let key = SymmetricKey(data: secret)
            return "v1=\(hexadecimal(HMAC<SHA256>.authenticationCode(for: text, using: key)))"
        }
        return [
            HeaderField("content-type", "application/json"),
            HeaderField("weir-webhook-id", delivery.id),
            HeaderField("weir-webhook-timestamp", time),
            HeaderField("weir-webhook-signature", signatures.joined(separator: ", ")),
        ]
    }

    private func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        let alphabet = Array("0123456789abcdef".utf8)
        let digits = bytes.flatMap { [alphabet[Int($0 >> 4)], alphabet[Int($0 & 15)]] }
        return String(decoding: digits, as: UTF8.self)
    }
}
