import HTTPTypes
import Logging
import WeirCore
import WeirService

/// Takes a request from its head to its answer: find the endpoint, authenticate, read, handle.
/// Whatever goes wrong on the way leaves through `ErrorBody`.
struct Dispatcher: Sendable {
    private let endpoints: EndpointTable
    private let doors: Doors
    private let authenticator: Authenticator
    private let identities: IdentityGate?
    private let newRequest: @Sendable () -> RequestID
    private let bodyLimit: Int
    private let logger: Logger

    init(
        _ use: UseCases, settings: ServerSettings, draining: Draining = Draining(), logger: Logger
    ) {
        let routes = Routes(use: use, settings: settings, draining: draining)
        endpoints = EndpointTable(routes.all)
        doors = use.doors
        authenticator = use.authenticator
        identities = use.identities
        newRequest = use.newRequest
        bodyLimit = settings.bodyLimit
        self.logger = logger
    }

    /// - Parameter readBody: reads the body up to a number of bytes; 413 where it is longer.
    func respond(
        to head: CallHead, readBody: (Int) async throws(WeirError) -> [UInt8]
    ) async -> Answer {
        let target = Target(head.target)
        let match = endpoints.match(head.method, target.path)
        let dialect = dialect(of: match, target)
        let entry = entry(match, head)
        let request = entry.identity?.request ?? newRequest()
        var answer: Answer
        do {
            answer = try await handle(match, head, target, request, entry, readBody)
        } catch {
            if error.code == .internalError {
                logger.error(
                    "request failed",
                    metadata: ["request": "\(request)", "error": "\(error.message)"])
            }
            answer = ErrorBody.answer(error, request: request, dialect: dialect)
            if case .wrongMethod(let allowed) = match {
                answer.headers.append(
                    HTTPField(name: .allow, value: allowed.joined(separator: ", ")))
            }
        }
        answer.headers.append(HTTPField(name: .requestID, value: request.description))
        if dialect.wire == .messages {
            answer.headers.append(HTTPField(name: .plainRequestID, value: request.description))
        }
        logger.debug(
            "request",
            metadata: [
                "request": "\(request)", "method": "\(head.method)", "status": "\(answer.status)",
            ])
        return answer
    }

    /// The answer to what isn't a request that could be handled, with an id of its own.
    func refuse(_ error: WeirError) -> Answer {
        let request = newRequest()
        var answer = ErrorBody.answer(error, request: request)
        answer.headers.append(HTTPField(name: .requestID, value: request.description))
        logger.debug(
            "request refused",
            metadata: ["request": "\(request)", "reason": "\(error.message)"])
        return answer
    }

    private func handle(
        _ match: EndpointTable.Match, _ head: CallHead, _ target: Target, _ request: RequestID,
        _ entry: Entry, _ readBody: (Int) async throws(WeirError) -> [UInt8]
    ) async throws(WeirError) -> Answer {
        switch match {
        case .unknown: throw WeirError(.notFound, "There is nothing at this path")
        case .wrongMethod: throw WeirError(.methodNotAllowed, "This path has other methods")
        case .found(let endpoint, let parameter):
            let caller = try authorize(endpoint, head, entry)
            let query = try Query(target.query, allowing: endpoint.query)
            let body = try await body(of: endpoint, head, entry.identity, readBody)
            return try await endpoint.handler(
                Call(
                    head: head, request: request, caller: caller, parameter: parameter,
                    query: query, body: body))
        }
    }

    /// What a gateway says about the caller, where one may say anything.
    private func entry(_ match: EndpointTable.Match, _ head: CallHead) -> Entry {
        guard let identities, case .found(let endpoint, _) = match, endpoint.access != .open
        else { return .alone }
        let sealed = head.headers[values: .weirIdentity]
        guard sealed.count <= 1 else {
            return .refused(WeirError(.unauthorized, "The request carries two identities"))
        }
        do throws(WeirError) {
            if let sealed = sealed.first {
                return .vouched(
                    try identities.admit(
                        sealed, method: head.method.rawValue, target: head.target))
            }
            // An instance is administered with its own administrator's key.
            guard identities.isOnlyDoor, endpoint.access != .admin else { return .alone }
            throw WeirError(.unauthorized, "This instance is called through its gateway alone")
        } catch {
            return .refused(error)
        }
    }

    private func authorize(
        _ endpoint: Endpoint, _ head: CallHead, _ entry: Entry
    ) throws(WeirError) -> Caller {
        if endpoint.access == .open { return .nobody }
        let caller =
            switch entry {
            case .alone:
                try authenticator.authenticate(try Credentials.token(in: head.headers))
            case .vouched(let identity): identity.caller
            case .refused(let error): throw error
            }
        if endpoint.access == .admin { try caller.requireAdmin() }
        return caller
    }

    private func body(
        of endpoint: Endpoint, _ head: CallHead, _ identity: CallerIdentity?,
        _ readBody: (Int) async throws(WeirError) -> [UInt8]
    ) async throws(WeirError) -> JSON {
        if endpoint.body == .ignored { return .null }
        let limit = endpoint.bodyLimit ?? bodyLimit
        try RequestBodyReader.check(head.headers, limit: limit)
        let bytes = try await readBody(limit)
        try identity?.require(body: bytes)
        if endpoint.body == .optionalJSON, bytes.isEmpty { return .null }
        let json = try RequestBodyReader.json(bytes, headers: head.headers)
        // Null stands for a body that isn't there; one that says null is another thing.
        guard !json.isNull else {
            throw WeirError(.invalidRequest, "The body must be an object, not null")
        }
        return json
    }

    /// Whose form the client reads.
    private func dialect(
        of match: EndpointTable.Match, _ target: Target
    ) -> any ClientReplyDialect {
        if case .found(let endpoint, _) = match { return endpoint.dialect }
        return doors.dialect(ofPath: target.path)
    }
}

/// How a request comes in.
private enum Entry {
    /// By the credential that it carries.
    case alone
    /// A gateway vouches for it.
    case vouched(CallerIdentity)
    case refused(WeirError)

    var identity: CallerIdentity? {
        if case .vouched(let identity) = self { identity } else { nil }
    }
}

/// A request's target, cut at the question mark.
private struct Target {
    let path: String
    let query: ArraySlice<UInt8>

    init(_ text: String) {
        let bytes = Array(text.utf8)
        let mark = bytes.firstIndex(of: UInt8(ascii: "?")) ?? bytes.endIndex
        path = String(decoding: bytes[..<mark], as: UTF8.self)
        query = mark < bytes.endIndex ? bytes[(mark + 1)...] : []
    }
}
