import HTTPTypes
import WeirCore
import WeirService

/// One line of the route table.
struct Endpoint: Sendable {
    let method: HTTPRequest.Method
    /// With at most one placeholder: `/admin/keys/{id}`; `{name...}` takes slashes too.
    let path: String
    let access: Access
    let body: BodyRule
    /// The query parameters that it knows; nil passes over those that it doesn't.
    let query: [String]?
    /// In whose form its errors are written.
    let dialect: any ClientReplyDialect
    /// The longest body, where it isn't the server's.
    let bodyLimit: Int?
    /// Refuses what can be refused before the body is read.
    var gate: (@Sendable (CallHead) throws(WeirError) -> Void)?
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
        /// Read whole, and not looked into.
        case raw
    }

    init(
        _ method: HTTPRequest.Method, _ path: String, _ access: Access, body: BodyRule = .ignored,
        query: [String]? = [], dialect: any ClientReplyDialect = CompleteDialect(),
        bodyLimit: Int? = nil,
        _ handler: @escaping @Sendable (Call) async throws(WeirError) -> Answer
    ) {
        self.method = method
        self.path = path
        self.access = access
        self.body = body
        self.query = query
        self.dialect = dialect
        self.bodyLimit = bodyLimit
        self.handler = handler
    }
}
