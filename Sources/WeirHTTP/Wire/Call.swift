import HTTPTypes
import WeirCore
import WeirService

/// A request's head as it came in: nothing is checked yet.
struct CallHead: Sendable {
    let method: HTTPRequest.Method
    /// Path and query, as they were sent.
    let target: String
    let headers: HTTPFields
    /// Whether the connection can speak WebSocket from here on.
    var isUpgrade = false
    /// The address that the connection comes from; nil where there is none.
    var peer: String?
    /// The request's Host.
    var authority: String?
    /// Nil where no client is there to leave.
    var client: (any ClientConnection)?
}

/// A request that has found its endpoint: authenticated, its query and body read.
struct Call: Sendable {
    let head: CallHead
    let request: RequestID
    let caller: Caller
    /// What stands in the path's one placeholder.
    let parameter: String
    let query: Query
    /// Null where the endpoint takes no body, or an optional one is absent.
    let body: JSON
    /// The body as it came, where the endpoint takes it raw.
    var bytes: [UInt8] = []
    /// Where a gateway wants to know what the call uses.
    var meter: CallMeter?
}

extension Caller {
    /// Who calls an open endpoint: it reaches nothing.
    static var nobody: Caller { Caller(key: .operatorKey, role: .tenant, reach: .tenants([])) }
}
