import NIOCore
import NIOSSL
import WeirCore

/// One instance as it is reached: by an address, under the name of a configured host.
struct InstanceEndpoint: Sendable, Equatable {
    let name: InstanceName
    let address: SocketAddress
    /// Whose host is told to the instance, and proved by it where TLS is spoken.
    let base: BaseURL
    let tls: NIOSSLContext?
    /// As in `TransportLimits`, whose value it replaces.
    let connectionAge: Duration?

    /// `<pool>/<address>:<port>`, an IPv6 address without brackets; nil where that makes no name.
    init?(
        pool: InstancePoolName, address: SocketAddress, base: BaseURL, tls: NIOSSLContext? = nil,
        connectionAge: Duration? = nil
    ) {
        guard let host = address.ipAddress, let port = address.port,
            let name = InstanceName("\(pool)/\(host):\(port)")
        else { return nil }
        self.name = name
        self.address = address
        self.base = base
        self.tls = tls
        self.connectionAge = connectionAge
    }

    static func == (left: InstanceEndpoint, right: InstanceEndpoint) -> Bool {
        left.name == right.name && left.address == right.address && left.base == right.base
            && left.tls === right.tls && left.connectionAge == right.connectionAge
    }
}
