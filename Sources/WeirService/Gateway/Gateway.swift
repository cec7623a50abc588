import Synchronization
package import WeirCore

/// Sends calls on to instances of the AI service, in the name of callers that it vouches for, and
/// of other services.
package final class Gateway: Sendable {
    private let state: Mutex<GatewayState>
    private let transport: any InstanceTransport
    private let seal: IdentitySeal
    let time: any TimeSource
    private let random: RandomBytes
    let dice: @Sendable () -> UInt64
    /// Instances that one call is offered to; the next one only where the last did nothing with it.
    private let tries: Int
    let queue: Adjustable<QueueSettings>
    private let tier: @Sendable (TenantID) -> Tenant.Tier
    /// One plan is put in force at a time.
    let changes = SerialGate()

    /// Its pools have no instances until `apply` or `PoolMembers` has found some.
    ///
    /// - Parameters:
    ///   - queue: how calls wait where a pool is full.
    ///   - tier: of a tenant; it weighs its calls against others' that wait.
    ///   - dice: uniform over all of UInt64.
    package init(
        _ plan: GatewayPlan, transport: any InstanceTransport, seal: IdentitySeal,
        queue: Adjustable<QueueSettings> = Adjustable(QueueSettings()),
        tier: @escaping @Sendable (TenantID) -> Tenant.Tier = { _ in .starter },
        time: any TimeSource, random: @escaping RandomBytes = systemRandomBytes,
        dice: @escaping @Sendable () -> UInt64 = { UInt64.random(in: .min ... .max) },
        tries: Int = 3
    ) {
        let pools = plan.pools.map { ($0.name, BalancedPool($0, queue, time: time, dice: dice)) }
        state = Mutex(
            GatewayState(plan, pools: Dictionary(pools) { first, _ in first }, sources: [:]))
        self.transport = transport
        self.seal = seal
        self.queue = queue
        self.tier = tier
        self.time = time
        self.random = random
        self.dice = dice
        self.tries = tries
    }

    var current: GatewayState { state.withLock { $0 } }

    func replace(_ next: GatewayState) { state.withLock { $0 = next } }

    package enum Opening: Sendable {
        case reply(ForwardedReply)
        /// Proved: no instance did anything with it.
        case notSent(WeirError)
        /// One got it, or a part, and there is no reply.
        case lost(WeirError)
    }

    /// The first instance's reply that there is one of. Where every instance has as many calls as
    /// it may have, the call waits its turn.
    ///
    /// - Returns: `notSent` with `ai_service_unavailable` or `overloaded` where no instance could
    ///   be had; `lost` with `provider_timeout` or `provider_error`, after which the call is never
    ///   tried again.
    package func open(_ call: GatewayCall) async -> Opening {
        let pool: BalancedPool
        do {
            pool = try current.pool(of: call.destination)
        } catch {
            return .notSent(error)
        }
        var tried: Set<InstanceName> = []
        for _ in 0..<max(1, tries) {
            let lease: InstanceLease
            let (outcome, hasLeft): (InstanceOpening, Bool)
            do throws(WeirError) {
                lease = try await pool.lease(
                    for: call.tenant, call.tenant.map(tier) ?? .starter, client: call.client,
                    excluding: tried)
            } catch {
                return .notSent(error)
            }
            do throws(WeirError) {
                (outcome, hasLeft) = try await offer(call, to: lease.instance, of: pool)
            } catch {
                pool.end(lease, .neutral)
                return .notSent(error)
            }
            switch outcome {
            case .reply(let status, let headers, let body):
                let isBlamed = call.blames(status: status, headers)
                return .reply(
                    ForwardedReply(
                        status: status, headers: headers, body: body, pool: pool, lease: lease,
                        outcome: isBlamed ? .failure : .success))
            case .notSent where hasLeft:
                // That is no instance's fault.
                pool.end(lease, .neutral)
                return .notSent(Gateway.unreached)
            case .notSent:
                pool.end(lease, .failure)
                tried.insert(lease.instance)
            case .lost(let loss):
                pool.end(lease, hasLeft ? .neutral : .failure)
                return .lost(Gateway.error(loss))
            }
        }
        return .notSent(Gateway.unreached)
    }

    /// Sends a call to an instance. Where that refuses it because it has another id than it was
    /// known by, as after a restart, it has done nothing else: it gets the call once more.
    ///
    /// - Returns: `notSent` where it has another id again; and whether the client left.
    private func offer(
        _ call: GatewayCall, to instance: InstanceName, of pool: BalancedPool
    ) async throws(WeirError) -> (outcome: InstanceOpening, hasLeft: Bool) {
        let limits = pool.plan.limits
        for _ in 0..<2 {
            let audience = call.namesInstance ? pool.id(of: instance) : nil
            let (outcome, hasLeft) = await send(
                try request(call, at: instance, known: audience, limits), of: call)
            guard call.namesInstance, case .reply(401, let headers, let body) = outcome,
                let id = headers.instance, id != audience
            else { return (outcome, hasLeft) }
            pool.learn(id, of: instance)
            body.cancel()
        }
        return (.notSent("the instance has another id each time"), false)
    }

    private func send(
        _ request: InstanceCall, of call: GatewayCall
    ) async -> (outcome: InstanceOpening, hasLeft: Bool) {
        guard call.endsWithClient, let client = call.client else {
            let outcome = await transport.forward(request)
            return (outcome, Task.isCancelled)
        }
        // Unstructured: what ends it early is no task but a connection.
        let sending = Task { [transport] in await transport.forward(request) }
        client.onLeaving { sending.cancel() }
        let outcome = await sending.value
        client.onLeaving(nil)
        return (outcome, sending.isCancelled)
    }

    /// Each instance is told by an identity of its own: the one that was sent before may have
    /// arrived after all.
    private func request(
        _ call: GatewayCall, at instance: InstanceName, known audience: InstanceID?,
        _ limits: InstanceLimits
    ) throws(WeirError) -> InstanceCall {
        var headers = call.headers
        if let caller = call.caller {
            guard let nonce = CallerIdentity.Nonce(random(16)) else {
                throw WeirError(.internalError, "There is no nonce")
            }
            let identity = CallerIdentity(
                audience: audience, request: call.request, caller: caller, issuedAt: time.now(),
                nonce: nonce, bodyDigest: sha256(call.body))
            let sealed = try seal.seal(identity, method: call.method, target: call.target)
            headers.append(HeaderField("x-weir-identity", sealed))
        }
        return InstanceCall(
            instance: instance, method: call.method, target: call.target, headers: headers,
            body: call.body, limits: limits, isUpgrade: call.isUpgrade)
    }

    private static let unreached = WeirError(
        .serviceUnavailable, "No instance of the service can be reached")

    private static func error(_ loss: UpstreamOutcome.Loss) -> WeirError {
        switch loss {
        case .timeout: WeirError(.providerTimeout, "The service didn't answer in time")
        case .broken, .malformed:
            WeirError(.providerError, "The service was lost before it answered")
        }
    }
}
