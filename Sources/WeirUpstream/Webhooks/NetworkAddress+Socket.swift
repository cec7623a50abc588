import NIOCore
import WeirCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension NetworkAddress {
    /// As the system would dial it; nil for what is no IP address.
    init?(_ address: SocketAddress) {
        switch address {
        case .v4(let address):
            var number = address.address.sin_addr.s_addr
            self.init(unsafe withUnsafeBytes(of: &number) { unsafe Array($0) })
        case .v6(let address):
            var number = address.address.sin6_addr
            self.init(unsafe withUnsafeBytes(of: &number) { unsafe Array($0) })
        case .unixDomainSocket: return nil
        }
    }

    /// In any of the forms that the system reads.
    init?(text: String) {
        // Whether it is one is the question.
        guard let address = try? SocketAddress(ipAddress: text, port: 0) else { return nil }
        self.init(address)
    }
}
