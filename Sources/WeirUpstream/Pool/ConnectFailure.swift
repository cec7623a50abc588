import NIOCore
import NIOPosix
import NIOSSL

/// Why no connection came about, in words for an operator.
struct ConnectFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }

    init(_ error: any Error, base: BaseURL) {
        switch error {
        case let failure as ConnectFailure:
            self = failure
        case let failure as NIOConnectionError:
            self = ConnectFailure(failure, base: base)
        case ChannelError.connectTimeout:
            description = "no connection to \(base.authority) in time"
        case is NIOSSLError, is BoringSSLError, is NIOSSLExtraError:
            description = "TLS with \(base.authority) failed: \(ConnectFailure.short(error))"
        default:
            description = "no connection to \(base.authority): \(ConnectFailure.short(error))"
        }
    }

    private init(_ failure: NIOConnectionError, base: BaseURL) {
        if let cause = failure.connectionErrors.first {
            let error = cause.error
            if case ChannelError.connectTimeout = error {
                description = "no connection to \(base.authority) in time"
            } else {
                description = "no connection to \(base.authority): \(ConnectFailure.short(error))"
            }
        } else if let cause = failure.dnsAError ?? failure.dnsAAAAError {
            description = "\(base.host) can't be resolved: \(ConnectFailure.short(cause))"
        } else {
            description = "no connection to \(base.authority)"
        }
    }

    static func short(_ error: any Error) -> String {
        String(String(describing: error).prefix(200))
    }
}
