import Foundation

/// Gives an answer its ids: unlike each other, reproducible from the request's number.
struct SandboxIdentifier: Sendable {
    let serial: Int
    let milliseconds: Int

    init(serial: Int) {
        self.serial = serial
        milliseconds = Int(Date().timeIntervalSince1970 * 1_000)
    }

    var seconds: Int { milliseconds / 1_000 }

    /// So many letters and digits, of which the serial number is the seed.
    func letters(_ count: Int, salt: UInt64 = 0) -> String {
        var state = UInt64(truncatingIfNeeded: serial) &+ salt &* 0x9E37_79B9_7F4A_7C15
        var out: [UInt8] = []
        out.reserveCapacity(count)
        while out.count < count {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            mixed ^= mixed >> 31
            for _ in 0..<8 where out.count < count {
                out.append(SandboxIdentifier.alphabet[Int(mixed & 31)])
                mixed >>= 5
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    private static let alphabet = Array("abcdefghijkmnpqrstuvwxyz23456789".utf8)
}
