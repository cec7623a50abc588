import HTTPTypes
import WeirCore

/// One line of the route table.
struct Endpoint: Sendable {
    let method: HTTPRequest.Method
    /// With at most one placeholder: `/admin/keys/{id}`.
    let path: String
    let access: Access
    let body: BodyRule
    /// The query parameters that it knows.
    let query: [String]
    let handler: @Sendable (Call) async throws(WeirError) -> Answer

    /// Who may call it at all; what a caller may see is the use case's to say.
    enum Access: Sendable, CaseIterable {
        /// Nobody is asked who they are.
        case open
        /// Any valid key.
        case anyKey
        case admin
    }

    enum BodyRule: Sendable {
        /// A body is ignored.
        case ignored
        case json
        case optionalJSON
    }

    init(
        _ method: HTTPRequest.Method, _ path: String, _ access: Access, body: BodyRule = .ignored,
        query: [String] = [],
        _ handler: @escaping @Sendable (Call) async throws(WeirError) -> Answer
    ) {
        self.method = method
        self.path = path
        self.access = access
        self.body = body
        self.query = query
        self.handler = handler
    }
}
