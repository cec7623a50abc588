import WeirCore

extension CallerIdentity {
    /// More than this is no identity; it bounds the reach that one can carry.
    static let textLimit = 8 * 1_024

    private static let version = "2"

    /// `version;audience;request;key;role;reach;milliseconds;nonce;digest`: none of the parts can
    /// hold a semicolon, so no two identities are written alike. No audience is an empty part.
    var text: String {
        let reach =
            switch caller.reach {
            case .all: "*"
            case .tenants(let list): list.map(\.description).joined(separator: ",")
            }
        return [
            CallerIdentity.version, audience?.description ?? "", request.description,
            caller.key.description, caller.role.rawValue, reach, String(issuedAt.milliseconds),
            hexadecimal(nonce.bytes), hexadecimal(bodyDigest),
        ].joined(separator: ";")
    }

    /// Nil for what `text` wouldn't have written.
    init?(text: Substring) {
        let parts = text.utf8
            .split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        guard parts.count == 9, parts[0] == CallerIdentity.version,
            let request = RequestID(parts[2]), let key = KeyID(parts[3]),
            let role = ServiceKey.Role(rawValue: parts[4]),
            let reach = CallerIdentity.reach(parts[5]), let milliseconds = Int64(parts[6]),
            let nonce = bytes(hexadecimal: parts[7]).flatMap(Nonce.init),
            let digest = bytes(hexadecimal: parts[8]), digest.count == 32
        else { return nil }
        let audience = InstanceID(parts[1])
        guard audience != nil || parts[1].isEmpty else { return nil }
        self.init(
            audience: audience, request: request,
            caller: Caller(key: key, role: role, reach: reach),
            issuedAt: Timestamp(milliseconds: milliseconds), nonce: nonce, bodyDigest: digest)
    }

    private static func reach(_ text: String) -> ServiceKey.Reach? {
        if text == "*" { return .all }
        var tenants: [TenantID] = []
        for part in text.utf8.split(separator: UInt8(ascii: ",")) {
            guard let number = Int64(String(decoding: part, as: UTF8.self)),
                let tenant = TenantID(number)
            else { return nil }
            tenants.append(tenant)
        }
        return .tenants(tenants)
    }
}

/// Lower case.
func hexadecimal(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(
        decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}

/// Nil for anything but pairs of lower-case digits.
func bytes(hexadecimal text: String) -> [UInt8]? {
    func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }
    let digits = Array(text.utf8)
    guard digits.count.isMultiple(of: 2) else { return nil }
    var bytes: [UInt8] = []
    for index in stride(from: 0, to: digits.count, by: 2) {
        guard let high = value(digits[index]), let low = value(digits[index + 1]) else {
            return nil
        }
        bytes.append(high << 4 | low)
    }
    return bytes
}
