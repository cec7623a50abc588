import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Asks the system's resolver for a host's addresses. It blocks: not for an event loop.
enum AddressLookup {
    /// All that connections can be made to, in the resolver's order.
    ///
    /// - Throws: `LookupFailure`, where there are none.
    static func addresses(of host: String, port: Int) throws -> [SocketAddress] {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = unsafe getaddrinfo(host, String(port), &hints, &list)
        guard code == 0 else {
            let reason = unsafe String(cString: gai_strerror(code))
            throw LookupFailure(description: "\(host) can't be resolved: \(reason)")
        }
        defer { unsafe freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var entry = unsafe list
        while let current = unsafe entry, addresses.count < most {
            if let address = unsafe address(current.pointee) { addresses.append(address) }
            unsafe entry = current.pointee.ai_next
        }
        return addresses
    }

    /// More than one name's answer can make sense for.
    private static let most = 1_024

    private static func address(_ info: addrinfo) -> SocketAddress? {
        guard let raw = unsafe info.ai_addr else { return nil }
        switch unsafe info.ai_family {
        case AF_INET:
            return unsafe raw.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                SocketAddress(unsafe $0.pointee)
            }
        case AF_INET6:
            return unsafe raw.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
                SocketAddress(unsafe $0.pointee)
            }
        default: return nil
        }
    }
}

/// Why a host has no addresses, in words for an operator.
struct LookupFailure: Error, CustomStringConvertible {
    let description: String
}
