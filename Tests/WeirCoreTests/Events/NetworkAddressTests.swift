import Testing
import WeirCore

/// The table of what is never dialled for a stranger, and what is.
@Suite struct NetworkAddressTests {
    @Test(
        arguments: [
            [0, 0, 0, 0], [0, 1, 2, 3], [10, 0, 0, 1], [10, 255, 255, 255], [100, 64, 0, 1],
            [100, 127, 255, 255], [127, 0, 0, 1], [127, 255, 255, 255], [169, 254, 169, 254],
            [172, 16, 0, 1], [172, 31, 255, 255], [192, 0, 0, 8], [192, 0, 2, 1], [192, 88, 99, 1],
            [192, 168, 1, 1], [198, 18, 0, 1], [198, 19, 255, 255], [198, 51, 100, 7],
            [203, 0, 113, 9], [224, 0, 0, 1], [239, 255, 255, 255], [240, 0, 0, 1],
            [255, 255, 255, 255],
        ] as [[UInt8]])
    func `a special IPv4 address is not public`(bytes: [UInt8]) throws {
        #expect(try !#require(NetworkAddress(bytes)).isPublic)
    }

    @Test(
        arguments: [
            [1, 1, 1, 1], [8, 8, 8, 8], [9, 255, 255, 255], [11, 0, 0, 0], [100, 63, 255, 255],
            [100, 128, 0, 0], [126, 255, 255, 255], [128, 0, 0, 1], [169, 253, 0, 1],
            [169, 255, 0, 1], [172, 15, 255, 255], [172, 32, 0, 0], [192, 0, 1, 1], [192, 0, 3, 1],
            [192, 167, 1, 1], [192, 169, 0, 1], [198, 17, 255, 255], [198, 20, 0, 0],
            [203, 0, 112, 1], [223, 255, 255, 255],
        ] as [[UInt8]])
    func `its neighbours are`(bytes: [UInt8]) throws {
        #expect(try #require(NetworkAddress(bytes)).isPublic)
    }

    @Test(
        arguments: [
            // Unspecified, loopback, mapped, compatible, translated (SIIT).
            [], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 169, 254, 169, 254],
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 8, 8, 8, 8],
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 8, 8, 8],
            [0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0, 127, 0, 0, 1],
            // NAT64, with its well-known prefix and its local one; discard.
            [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0, 169, 254, 169, 254],
            [0, 0x64, 0xFF, 0x9B, 0, 1], [1],
            // Unique local, link local, site local, multicast.
            [0xFC], [0xFD, 0, 0xEC, 2], [0xFE, 0x80], [0xFE, 0xBF], [0xFE, 0xC0], [0xFF, 2],
            // Teredo, ORCHID, benchmarking, documentation, 6to4.
            [0x20, 1, 0, 0], [0x20, 1, 0, 0x20], [0x20, 1, 0, 2], [0x20, 1, 0x0D, 0xB8],
            [0x20, 2, 127, 0, 0, 1], [0x3F, 0xFF], [0x3F, 0xFF, 0x0F, 0xFF], [0x40], [0x80],
        ] as [[UInt8]])
    func `a special IPv6 address is not public`(start: [UInt8]) throws {
        #expect(try !address(start).isPublic)
    }

    @Test(
        arguments: [
            [0x20, 1, 0x48, 0x60], [0x20, 1, 2], [0x20, 1, 0x0D, 0xB7], [0x20, 1, 0x0D, 0xB9],
            [0x20, 3], [0x26, 6, 0x47], [0x2A], [0x3F, 0xFE], [0x3F, 0xFF, 0x10],
        ] as [[UInt8]])
    func `global unicast is`(start: [UInt8]) throws { #expect(try address(start).isPublic) }

    @Test func `anything else is no address`() {
        for count in [0, 3, 5, 15, 17] {
            #expect(NetworkAddress([UInt8](repeating: 8, count: count)) == nil)
        }
    }

    private func address(_ start: [UInt8]) throws -> NetworkAddress {
        let rest = [UInt8](repeating: 0, count: 16 - start.count)
        return try #require(NetworkAddress(start + rest))
    }
}
