/// An IP address as its bytes, whatever it was written like.
package struct NetworkAddress: Sendable, Hashable {
    /// Four or sixteen, in network order.
    package let bytes: [UInt8]

    package init?(_ bytes: [UInt8]) {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        self.bytes = bytes
    }

    /// Whether it is one host's on the public internet, by IANA's registries of special addresses.
    /// What carries an IPv4 address inside (mapped, NAT64, 6to4, Teredo) is none: where it leads is
    /// the network's to say.
    package var isPublic: Bool {
        if bytes.count == 4 { return !NetworkAddress.special4.contains { $0.covers(bytes) } }
        return NetworkAddress.global6.covers(bytes)
            && !NetworkAddress.special6.contains { $0.covers(bytes) }
    }

    private struct Block {
        let prefix: [UInt8]
        let length: Int

        init(_ length: Int, _ prefix: UInt8...) {
            self.prefix = prefix
            self.length = length
        }

        func covers(_ address: [UInt8]) -> Bool {
            var rest = length
            for (index, byte) in address.enumerated() where rest > 0 {
                let mask = rest >= 8 ? UInt8.max : ~(UInt8.max >> UInt8(rest))
                let own = index < prefix.count ? prefix[index] : 0
                guard byte & mask == own & mask else { return false }
                rest -= 8
            }
            return true
        }
    }

    private static let special4 = [
        Block(8, 0), Block(8, 10), Block(10, 100, 64), Block(8, 127), Block(16, 169, 254),
        Block(12, 172, 16), Block(24, 192, 0, 0), Block(24, 192, 0, 2), Block(24, 192, 88, 99),
        Block(16, 192, 168), Block(15, 198, 18), Block(24, 198, 51, 100), Block(24, 203, 0, 113),
        // Multicast, reserved, broadcast.
        Block(3, 224),
    ]
    /// Only this much of IPv6 is given out as global unicast.
    private static let global6 = Block(3, 0x20)
    private static let special6 = [
        // Protocol assignments, Teredo among them; documentation; 6to4; documentation.
        Block(23, 0x20, 0x01), Block(32, 0x20, 0x01, 0x0D, 0xB8), Block(16, 0x20, 0x02),
        Block(20, 0x3F, 0xFF),
    ]
}
