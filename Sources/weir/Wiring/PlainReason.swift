import Foundation
import NIOCore
import WeirCore
import WeirService

/// An error as a sentence for a person. What a library throws is a value with its own spelling;
/// what can happen at a start is put into words here.
func plainReason(_ error: any Error) -> String {
    switch error {
    case let error as IOError: unsafe String(cString: strerror(error.errnoCode))
    case let error as StoreError: error.reason
    case let error as WeirError: error.message
    case let error as PriceBookError: "prices: \(error)"
    case let error as PatternError: "the screening pattern \(error.name): \(error.reason)"
    case is SocketAddressError.UnknownHost: "no address is known for that name"
    case is SocketAddressError: "that is no address"
    case let error as CocoaError: "\(error.filePath ?? ""): \(error.localizedDescription)"
    default: "\(error)"
    }
}

/// Whether a server threw it because its address can't be had.
func isListeningFailure(_ error: any Error) -> Bool {
    error is IOError || error is SocketAddressError || error is SocketAddressError.UnknownHost
}

/// Why an address can't be listened on.
func listeningFailure(_ host: String, _ port: Int, _ error: any Error) -> String {
    let taken = (error as? IOError)?.errnoCode == EADDRINUSE
    let advice = taken ? "; another program has the port" : ""
    return "can't listen on \(host):\(port): \(plainReason(error))\(advice)"
}
