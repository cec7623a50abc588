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
    /// What a gateway is told with every answer: the id that identities are to be signed for.
    private let instance: [HTTPField]
    private let regular: RegularForwarder?
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
        instance =
            use.identities.map {
                [HTTPField(name: .instance, value: $0.instance.description)]
            } ?? []
        regular = use.gateway.map {
            RegularForwarder(use: $0, authenticator: use.authenticator)
        }
        newRequest = use.newRequest
        bodyLimit = settings.bodyLimit
        self.logger = logger
    }

    /// - Parameter readBody: reads the body up to a number of bytes; 413 where it is longer.
    func respond(
        to head: CallHead, readBody: (Int) async throws(WeirError) -> [UInt8]
    ) async -> Answer {
        let target = Target(head.target)
        let match = find(head.method, target.path)
        let entry = entry(match, head)
        return await respond(
            to: Arrival(
                head: head, target: target, match: match, entry: entry,
                request: entry.identity?.request ?? newRequest(),
                meter: entry.identity == nil ? nil : CallMeter()),
            readBody)
    }

    /// The answer to a request that this process makes itself, in the name of a caller.
    func respond(
        to head: CallHead, body: [UInt8], from caller: Caller, as request: RequestID,
        meter: CallMeter
    ) async -> Answer {
        let target = Target(head.target)
        return await respond(
            to: Arrival(
                head: head, target: target, match: endpoints.match(head.method, target.path),
                entry: .own(caller), request: request, meter: meter)
        ) { _ in body }
    }

    private func respond(
        to arrival: Arrival, _ readBody: (Int) async throws(WeirError) -> [UInt8]
    ) async -> Answer {
        let dialect = dialect(of: arrival)
        let request = arrival.request
        var answer: Answer
        do {
            answer = try await handle(arrival, readBody)
        } catch {
            if error.code == .internalError {
                logger.error(
                    "request failed",
                    metadata: ["request": "\(request)", "error": "\(error.message)"])
            }
            answer = ErrorBody.answer(error, request: request, dialect: dialect)
            if case .wrongMethod(let allowed) = arrival.match {
                answer.headers.append(
                    HTTPField(name: .allow, value: allowed.joined(separator: ", ")))
            }
        }
        answer.headers.append(HTTPField(name: .requestID, value: request.description))
        if dialect.wire == .messages {
            answer.headers.append(HTTPField(name: .plainRequestID, value: request.description))
        }
        answer.headers += instance
        if arrival.entry.identity != nil, let meter = arrival.meter { answer.tell(meter) }
        logger.debug(
            "request",
            metadata: [
                "request": "\(request)", "method": "\(arrival.head.method)",
                "status": "\(answer.status)",
            ])
        return answer
    }

    /// The answer to what isn't a request that could be handled, with an id of its own.
    func refuse(_ error: WeirError) -> Answer {
        let request = newRequest()
        var answer = ErrorBody.answer(error, request: request)
        answer.headers.append(HTTPField(name: .requestID, value: request.description))
        answer.headers += instance
        logger.debug(
            "request refused",
            metadata: ["request": "\(request)", "reason": "\(error.message)"])
        return answer
    }

    private func handle(
        _ arrival: Arrival, _ readBody: (Int) async throws(WeirError) -> [UInt8]
    ) async throws(WeirError) -> Answer {
        switch arrival.match {
        case .unknown: throw WeirError(.notFound, "There is nothing at this path")
        case .wrongMethod: throw WeirError(.methodNotAllowed, "This path has other methods")
        case .regular(let route):
            guard let regular else { throw WeirError(.internalError, "There is no gateway") }
            let caller = try authorize(route.requiresKey ? .anyKey : .open, arrival)
            return try await regular.forward(
                arrival, to: route, from: route.requiresKey ? caller : nil, readBody)
        case .found(let endpoint, let parameter):
            let caller = try authorize(endpoint.access, arrival)
            try endpoint.gate?(arrival.head)
            let query = try Query(arrival.target.query, allowing: endpoint.query)
            let body = try await body(of: endpoint, arrival, readBody)
            return try await endpoint.handler(
                Call(
                    head: arrival.head, request: arrival.request, caller: caller,
                    parameter: parameter, query: query, body: body.json, bytes: body.bytes,
                    meter: arrival.meter))
        }
    }

    private func find(_ method: HTTPRequest.Method, _ path: String) -> EndpointTable.Match {
        let match = endpoints.match(method, path)
        guard case .unknown = match, let route = regular?.route(of: path) else { return match }
        return .regular(route)
    }

    /// What a gateway says about the caller, where one may say anything.
    private func entry(_ match: EndpointTable.Match, _ head: CallHead) -> Arrival.Entry {
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
        _ access: Endpoint.Access, _ arrival: Arrival
    ) throws(WeirError) -> Caller {
        if access == .open { return .nobody }
        let caller =
            switch arrival.entry {
            case .alone:
                try authenticator.authenticate(try Credentials.token(in: arrival.head.headers))
            case .vouched(let identity): identity.caller
            case .own(let caller): caller
            case .refused(let error): throw error
            }
        if access == .admin { try caller.requireAdmin() }
        return caller
    }

    private func body(
        of endpoint: Endpoint, _ arrival: Arrival,
        _ readBody: (Int) async throws(WeirError) -> [UInt8]
    ) async throws(WeirError) -> (json: JSON, bytes: [UInt8]) {
        if endpoint.body == .ignored { return (.null, []) }
        let limit = endpoint.bodyLimit ?? bodyLimit
        try RequestBodyReader.check(arrival.head.headers, limit: limit)
        let bytes = try await readBody(limit)
        try arrival.entry.identity?.require(body: bytes)
        if endpoint.body == .raw { return (.null, bytes) }
        if endpoint.body == .optionalJSON, bytes.isEmpty { return (.null, []) }
        let json = try RequestBodyReader.json(bytes, headers: arrival.head.headers)
        // Null stands for a body that isn't there; one that says null is another thing.
        guard !json.isNull else {
            throw WeirError(.invalidRequest, "The body must be an object, not null")
        }
        return (json, [])
    }

    /// Whose form the client reads.
    private func dialect(of arrival: Arrival) -> any ClientReplyDialect {
        switch arrival.match {
        case .found(let endpoint, _): endpoint.dialect
        case .regular: CompleteDialect()
        case .wrongMethod, .unknown: doors.dialect(ofPath: arrival.target.path)
        }
    }
}
