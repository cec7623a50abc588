import WeirCore
import WeirService

/// Events as clients read them.
enum EventText {
    /// An event's payload with the moment at which it happened before it.
    static func data(_ event: Event) -> [UInt8] {
        var bytes = Array(#"{"at":""#.utf8)
        bytes.reserveCapacity(event.payload.count + 40)
        bytes.append(contentsOf: event.at.rfc3339.utf8)
        bytes.append(UInt8(ascii: "\""))
        // The payload is an object of ours, in its compact form.
        if event.payload.count > 2 { bytes.append(UInt8(ascii: ",")) }
        bytes.append(contentsOf: event.payload.dropFirst())
        return bytes
    }
}
