import HTTPTypes
import WeirCore
import WeirService

/// Sends calls of one of the AI service's routes on to an instance.
struct AIForwarder: Sendable {
    let use: GatewayUseCases
    /// As an instance serves it.
    let endpoint: Endpoint
    /// Whether its calls count against the limits of AI calls, and are stopped by kill switches.
    let isLimited: Bool
    /// Whether they go to those who keep jobs.
    var isOfJobs = false

    private var isDropIn: Bool { endpoint.dialect.wire != .complete }

    /// The same route, whose calls go on.
    var forwarded: Endpoint {
        var forwarded = Endpoint(
            endpoint.method, endpoint.path, endpoint.access,
            body: endpoint.body == .ignored ? .ignored : .raw, query: endpoint.query,
            dialect: endpoint.dialect, bodyLimit: endpoint.bodyLimit, forward)
        // While there is nobody to take the call nothing of it need be read or counted.
        forwarded.gate = { [use, isOfJobs] _ throws(WeirError) in
            if isOfJobs {
                try use.gateway.requireAvailable(.jobs)
            } else {
                try use.gateway.requireAvailable()
            }
        }
        return forwarded
    }

    private func forward(_ call: Call) async throws(WeirError) -> Answer {
        let subject = try subject(of: call)
        if let tenant = subject.tenant { try call.caller.require(tenant) }
        if isLimited { try use.admission.requireRunning(subject.tenant, subject.feature) }
        let destination: GatewayCall.Destination = isOfJobs ? .jobs : .ai(subject.feature)
        try use.gateway.requireAvailable(destination)
        let admitted = try admit(call, subject)
        let opening = await use.gateway.open(
            GatewayCall(
                request: call.request, caller: passed(call.caller, subject),
                tenant: subject.tenant, destination: destination,
                method: call.head.method.rawValue, target: call.head.target,
                headers: ForwardedFields.toInstance(call.head.headers), body: call.bytes,
                isUpgrade: call.head.isUpgrade, client: call.head.client))
        switch opening {
        case .notSent(let error):
            admitted?.permit.giveBack()
            throw error
        case .lost(let error):
            admitted?.permit.keep()
            throw error
        case .reply(let reply):
            return try await answer(reply, admitted, call.head.client)
        }
    }

    // MARK: before

    /// For whom a call is, as an instance will find out too.
    private struct Subject {
        var tenant: TenantID?
        var user = UserID.none
        /// Nil where the route has none.
        var feature: FeatureSlug?
    }

    private func subject(of call: Call) throws(WeirError) -> Subject {
        if isDropIn {
            let named = try CallerHeaders(call)
            return Subject(tenant: named.tenant, user: named.user, feature: named.feature)
        }
        guard endpoint.body != .ignored else {
            return Subject(tenant: try call.query.tenant() ?? call.caller.onlyTenant)
        }
        let named = NamedInBody(call.bytes)
        return Subject(
            tenant: named.tenant ?? call.caller.onlyTenant, user: named.user ?? .none,
            feature: named.feature ?? .defaultFeature)
    }

    /// Whom an instance is told of. It reaches no tenant but the call's: what an instance reads in
    /// the body can't be another one than was counted here.
    private func passed(_ caller: Caller, _ subject: Subject) -> Caller {
        let reach: ServiceKey.Reach =
            if let tenant = subject.tenant {
                .tenants([tenant])
            } else {
                isLimited ? .tenants([]) : caller.reach
            }
        return Caller(key: caller.key, role: caller.role, reach: reach)
    }

    private func admit(
        _ call: Call, _ subject: Subject
    ) throws(WeirError) -> (permit: CallPermit, standing: CallStanding)? {
        guard isLimited, let tenant = subject.tenant else { return nil }
        return try use.admission.admit(
            tenant, subject.user, subject.feature ?? .defaultFeature, call.caller.key,
            bytes: call.bytes.count)
    }

    // MARK: behind

    /// A short answer whose length is said is taken in whole: it goes out in one piece, and where
    /// it breaks off the client can be told so.
    private static let wholeLimit = 64 * 1_024

    private func answer(
        _ reply: ForwardedReply, _ admitted: (permit: CallPermit, standing: CallStanding)?,
        _ client: (any ClientConnection)?
    ) async throws(WeirError) -> Answer {
        var answer = Answer(status: reply.status, body: [], contentType: nil)
        answer.isForwarded = true
        answer.headers = Array(ForwardedFields.ofInstance(reply.headers))
        if reply.status < 400, let standing = admitted?.standing {
            answer.headers += standing.headers(for: endpoint.dialect.wire)
        }
        if reply.status == 101 {
            // Its fields were for the gateway, who has a handshake of its own with the client.
            answer.headers = []
            answer.upgrade = .relayed(reply)
            return answer
        }
        guard let length = reply.contentLength, length <= AIForwarder.wholeLimit else {
            answer.stream = ForwardedBody(reply, admitted?.permit, client)
            return answer
        }
        do {
            var body = ForwardedBody(reply, admitted?.permit, nil)
            while let piece = try await body.next() { answer.body += piece }
        } catch {
            throw WeirError(.providerError, "The service was lost before its answer was whole")
        }
        return answer
    }
}

extension ForwardedReply {
    /// Nil where the reply doesn't say it.
    fileprivate var contentLength: Int? {
        headers.first { $0.hasName("content-length") }.flatMap { Int($0.value) }
    }
}
