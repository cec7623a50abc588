import HTTPTypes
import WeirCore
import WeirService

/// Sends requests below a regular route's prefix on to another service, as they are.
struct RegularForwarder: Sendable {
    let use: GatewayUseCases
    let authenticator: Authenticator

    /// Nil where the path is no regular route's; Weir's own are none, whatever is configured.
    func route(of path: String) -> RegularRoute? {
        let first = path.utf8.dropFirst().prefix { $0 != UInt8(ascii: "/") }
        let isOwn = RegularForwarder.ownPaths.contains { first.elementsEqual($0.utf8) }
        return isOwn ? nil : use.gateway.route(of: path)
    }

    /// - Parameters:
    ///   - caller: nil where the route asks for none.
    ///   - path: the target without its query.
    func forward(
        _ arrival: Arrival, to route: RegularRoute, from caller: Caller?,
        _ readBody: (Int) async throws(WeirError) -> [UInt8]
    ) async throws(WeirError) -> Answer {
        let head = arrival.head
        if let fault = RequestPath.fault(arrival.target.path) {
            throw WeirError(.invalidRequest, fault)
        }
        // What it echoes would show the identity.
        guard head.method != .trace else {
            throw WeirError(.methodNotAllowed, "TRACE is not passed on")
        }
        try use.gateway.requireAvailable(.regular(route.pool))
        try RequestBodyReader.check(head.headers, limit: route.bodyLimit)
        let permit = try use.gateway.admit(to: route, caller)
        let body: [UInt8]
        do throws(WeirError) {
            body = try await readBody(route.bodyLimit)
        } catch {
            permit?.giveBack()
            throw error
        }
        let call = GatewayCall(
            request: arrival.request, caller: route.passesIdentity ? caller : nil,
            tenant: caller?.onlyTenant, destination: .regular(route.pool),
            method: head.method.rawValue, target: head.target,
            headers: ForwardedFields.toService(
                head, request: arrival.request, isCredential: isCredential), body: body,
            client: head.client)
        switch await use.gateway.open(call) {
        case .notSent(let error):
            permit?.giveBack()
            throw error
        case .lost(let error): throw error
        case .reply(let reply): return await answer(reply, permit, head)
        }
    }

    private func answer(
        _ reply: ForwardedReply, _ permit: CallPermit?, _ head: CallHead
    ) async -> Answer {
        var answer = Answer(status: reply.status, body: [], contentType: nil)
        answer.isForwarded = true
        answer.headers = Array(ForwardedFields.toClient(reply.headers))
        if head.method == .head {
            // It has no body: this is its end.
            _ = await reply.next()
        } else {
            answer.stream = ForwardedBody(
                reply, permit, head.client, isCounted: false)
        }
        return answer
    }

    /// A key of Weir's goes no further, not even where none is asked for.
    private func isCredential(_ token: String) -> Bool {
        if token.utf8.starts(with: "wk_".utf8) { return true }
        do throws(WeirError) {
            _ = try authenticator.authenticate(token)
            return true
        } catch {
            return false
        }
    }

    private static let ownPaths = ["ai", "admin", "v1", "v1beta", "health", "reports", "metrics"]
}
