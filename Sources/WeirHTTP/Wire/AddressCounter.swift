import NIOCore
import Synchronization

/// How many connections each client's address has. There is an entry only while there is a
/// connection, so that the table is never larger than the server's own limit.
final class AddressCounter: Sendable {
    private let limit: Int
    private let counts = Mutex<[ClientNetwork: Int]>([:])

    init(limit: Int) { self.limit = limit }

    /// - Returns: Whether one more may be; one that may is ended by `leave`.
    func enter(_ network: ClientNetwork) -> Bool {
        counts.withLock { counts in
            let count = counts[network, default: 0]
            guard count < limit else { return false }
            counts[network] = count + 1
            return true
        }
    }

    func leave(_ network: ClientNetwork) {
        counts.withLock { counts in
            let left = counts[network, default: 0] - 1
            counts[network] = left > 0 ? left : nil
        }
    }

    var networks: Int { counts.withLock { $0.count } }
}

/// What counts as one address: of IPv6 the first 64 bits, as a household or a host has all of the
/// rest to itself.
struct ClientNetwork: Hashable, Sendable {
    private let isOld: Bool
    private let bits: UInt64

    /// Nil for what is no IP address, as a socket file.
    init?(_ address: SocketAddress) {
        guard let bytes = address.ipBytes else { return nil }
        let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]
        if bytes.count == 16, bytes.starts(with: mapped) {
            self.init(isOld: true, bytes[12...])
        } else {
            self.init(isOld: bytes.count == 4, bytes.prefix(8))
        }
    }

    private init(isOld: Bool, _ bytes: ArraySlice<UInt8>) {
        self.isOld = isOld
        bits = bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }
}

extension SocketAddress {
    /// In the order of the network.
    fileprivate var ipBytes: [UInt8]? {
        // Behind family and port; of IPv6 behind the flow's label, too (RFC 2553, section 3.3).
        let place: Range<Int>
        switch self {
        case .v4: place = 4..<8
        case .v6: place = 8..<24
        case .unixDomainSocket: return nil
        }
        return unsafe withSockAddr { start, count in
            let bytes = unsafe Array(UnsafeRawBufferPointer(start: start, count: count))
            return bytes.count >= place.upperBound ? Array(bytes[place]) : nil
        }
    }
}

/// Closes a connection of an address that has as many as it may have, before anything of it is
/// read. The first handler of its pipeline.
final class AddressGuard: ChannelInboundHandler {
    typealias InboundIn = NIOAny

    private let counter: AddressCounter
    private var network: ClientNetwork?

    init(_ counter: AddressCounter) { self.counter = counter }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { _ = admit(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        guard network != nil || admit(context) else { return }
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { leave() }

    private func admit(_ context: ChannelHandlerContext) -> Bool {
        guard let network = context.remoteAddress.flatMap(ClientNetwork.init) else { return true }
        guard counter.enter(network) else {
            context.close(promise: nil)
            return false
        }
        self.network = network
        return true
    }

    private func leave() {
        guard let network else { return }
        self.network = nil
        counter.leave(network)
    }
}
