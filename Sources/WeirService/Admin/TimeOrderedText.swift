package import WeirCore

/// Cryptographically secure bytes; passed in, so that tests decide what falls.
package typealias RandomBytes = @Sendable (_ count: Int) -> [UInt8]

/// The system's own secure generator.
@Sendable package func systemRandomBytes(_ count: Int) -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + 7)
    while bytes.count < count {
        var word: UInt64 = generator.next()
        for _ in 0..<8 {
            bytes.append(UInt8(truncatingIfNeeded: word))
            word >>= 8
        }
    }
    return Array(bytes.prefix(count))
}

/// Makes ids that sort by time and can't be guessed: a prefix and 26 base32 characters, 48 bits of
/// milliseconds and 80 random ones.
package struct TimeOrderedText: Sendable {
    private let time: any TimeSource
    private let random: RandomBytes

    package init(time: any TimeSource, random: @escaping RandomBytes = systemRandomBytes) {
        self.time = time
        self.random = random
    }

    /// `req_` and 26 characters.
    package func requestID() -> RequestID { next("req_") }

    /// `key_` and 26 characters.
    package func keyID() -> KeyID { next("key_") }

    /// `job_` and 26 characters.
    package func jobID() -> JobID { next("job_") }

    func next(_ prefix: StaticString) -> Slug {
        let milliseconds = UInt64(clamping: time.now().milliseconds)
        let bytes =
            (0..<6).map { UInt8(truncatingIfNeeded: milliseconds >> (40 - 8 * $0)) } + random(10)
        var text = prefix.description
        text.reserveCapacity(32)
        text += base32(bytes)
        guard let id = Slug(text) else { preconditionFailure("base32 is inside the slug alphabet") }
        return id
    }
}

/// Lower-case base32 (Crockford's alphabet), most significant bit first: 16 bytes are 26
/// characters.
private func base32(_ bytes: [UInt8]) -> String {
    let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)
    var characters: [UInt8] = []
    characters.reserveCapacity(26)
    var (buffer, bits) = (UInt32(0), (5 - bytes.count * 8 % 5) % 5)
    for byte in bytes {
        buffer = (buffer << 8 | UInt32(byte)) & 0xFFFF
        bits += 8
        while bits >= 5 {
            bits -= 5
            characters.append(alphabet[Int(buffer >> UInt32(bits)) & 31])
        }
    }
    return String(decoding: characters, as: UTF8.self)
}

/// base64url without padding (RFC 4648, section 5): 32 bytes are 43 characters.
func base64URL(_ bytes: [UInt8]) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    var characters: [UInt8] = []
    var (buffer, bits) = (UInt32(0), 0)
    for byte in bytes {
        buffer = (buffer << 8 | UInt32(byte)) & 0xFFFF
        bits += 8
        while bits >= 6 {
            bits -= 6
            characters.append(alphabet[Int(buffer >> UInt32(bits)) & 63])
        }
    }
    if bits > 0 { characters.append(alphabet[Int(buffer << UInt32(6 - bits)) & 63]) }
    return String(decoding: characters, as: UTF8.self)
}
