package import WeirCore

/// Sends calls on to the instances of the AI service, in the name of callers that it vouches for.
package struct Gateway: Sendable {
    private let pools: [InstancePoolName: BalancedPool]
    private let routing: FeatureRouting
    private let transport: any InstanceTransport
    private let seal: IdentitySeal
    private let time: any TimeSource
    private let random: RandomBytes
    /// Instances that one call is offered to; the next one only where the last wasn't sent a byte.
    private let tries: Int

    package init(
        pools: [InstancePoolName: BalancedPool], routing: FeatureRouting,
        transport: any InstanceTransport, seal: IdentitySeal, time: any TimeSource,
        random: @escaping RandomBytes = systemRandomBytes, tries: Int = 3
    ) {
        self.pools = pools
        self.routing = routing
        self.transport = transport
        self.seal = seal
        self.time = time
        self.random = random
        self.tries = tries
    }

    /// The first instance's reply that there is one of.
    ///
    /// - Throws: `ai_service_unavailable` or `overloaded` where nothing was sent to any instance;
    ///   `provider_timeout` or `provider_error` where one was lost after sending, which is never
    ///   tried again.
    package func forward(_ call: GatewayCall) async throws(WeirError) -> ForwardedReply {
        guard let pool = pools[routing.pool(for: call.feature)] else {
            throw WeirError(.internalError, "A feature's pool isn't there")
        }
        var tried: Set<InstanceName> = []
        for _ in 0..<max(1, tries) {
            let lease = try pool.lease(excluding: tried)
            switch try await open(call, at: lease, of: pool) {
            case .reply(let status, let headers, let body):
                return ForwardedReply(
                    status: status, headers: headers, body: body, pool: pool, lease: lease)
            case .notSent:
                pool.end(lease, .failure)
                tried.insert(lease.instance)
            case .lost(let loss):
                pool.end(lease, .failure)
                throw Gateway.error(loss)
            }
        }
        throw WeirError(.serviceUnavailable, "The AI service can't be reached")
    }

    /// Each instance is told by an identity of its own: the one that was sent before may have
    /// arrived after all.
    private func open(
        _ call: GatewayCall, at lease: InstanceLease, of pool: BalancedPool
    ) async throws(WeirError) -> InstanceOpening {
        do throws(WeirError) {
            guard let nonce = CallerIdentity.Nonce(random(16)) else {
                throw WeirError(.internalError, "There is no nonce")
            }
            let identity = CallerIdentity(
                request: call.request, caller: call.caller, issuedAt: time.now(), nonce: nonce,
                bodyDigest: call.bodyDigest)
            let sealed = try seal.seal(identity, method: call.method, target: call.target)
            return await transport.forward(
                InstanceCall(
                    instance: lease.instance, method: call.method, target: call.target,
                    headers: call.headers + [HeaderField("x-weir-identity", sealed)],
                    body: call.body, limits: pool.limits))
        } catch {
            pool.end(lease, .neutral)
            throw error
        }
    }

    private static func error(_ loss: UpstreamOutcome.Loss) -> WeirError {
        switch loss {
        case .timeout: WeirError(.providerTimeout, "The AI service didn't answer in time")
        case .broken, .malformed:
            WeirError(.providerError, "The AI service was lost before it answered")
        }
    }
}

/// A call as it came in, from a caller who is known.
package struct GatewayCall: Sendable {
    package let request: RequestID
    package let caller: Caller
    /// What picks the pool; nil for the default one.
    package let feature: FeatureSlug?
    package let method: String
    package let target: String
    /// Without the caller's credential, and without an identity.
    package let headers: [HeaderField]
    package let body: [UInt8]
    let bodyDigest: [UInt8]

    package init(
        request: RequestID, caller: Caller, feature: FeatureSlug?, method: String, target: String,
        headers: [HeaderField], body: [UInt8]
    ) {
        self.request = request
        self.caller = caller
        self.feature = feature
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
        bodyDigest = sha256(body)
    }
}
