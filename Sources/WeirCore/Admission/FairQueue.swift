/// Calls that wait for a scarce place, in an order that is fair to tenants: start-time fair
/// queueing (Goyal, Vin and Cheng 1996), each call of the same size.
///
/// A call's start tag is the virtual time at which it came, or the finish tag of its tenant's call
/// before it, whichever is later; its finish tag is later by a call's size over the tenant's
/// weight. The call with the least start tag goes next, and the virtual time is the start tag of
/// the last one that went. So a tenant that has many calls waiting delays only itself: another's
/// call goes after at most one of each tenant's, and after as many of a heavier one as that
/// outweighs it.
package struct FairQueue: Sendable {
    /// In force for the calls that come from now on.
    package var limits: Limits
    private var lanes: [TenantID?: Lane] = [:]
    private var virtualTime: Int64 = 0
    private var lastTicket = 0
    /// Calls that wait.
    package private(set) var count = 0
    private var recent = DepartureRate()

    /// How many calls may wait, and for how long.
    package struct Limits: Sendable, Equatable {
        package var perTenant = 256
        package var inAll = 1_024
        package var wait = Duration.seconds(2)

        package init() {}
    }

    /// A call that waits. The numbers are those of its coming.
    package struct Ticket: Sendable, Hashable {
        package let tenant: TenantID?
        package let number: Int
    }

    /// What one call adds to its tenant's tag at the weight of 1; every weight up to 1,000 divides
    /// it well enough.
    private static let size: Int64 = 1 << 20

    package init(_ limits: Limits) { self.limits = limits }

    /// - Parameters:
    ///   - tenant: nil for the calls of no one tenant, which take turns as if they were one's.
    ///   - weight: the tenant's share against others', from 1 to 1,000.
    /// - Returns: Nil where as many wait as may.
    package mutating func join(_ tenant: TenantID?, weight: Int, at now: Timestamp) -> Ticket? {
        let waiting = lanes[tenant]?.calls.count ?? 0
        guard count < limits.inAll, waiting < limits.perTenant else { return nil }
        lastTicket += 1
        let ticket = Ticket(tenant: tenant, number: lastTicket)
        let step = FairQueue.size / Int64(min(max(1, weight), 1_000))
        lanes[tenant, default: Lane(served: virtualTime)].add(
            .init(
                ticket: ticket, step: step, cameAt: virtualTime,
                deadline: now.advanced(by: limits.wait)))
        count += 1
        return ticket
    }

    /// The call that goes next; it waits no more.
    package mutating func next(at now: Timestamp) -> Ticket? {
        let first = lanes.compactMapValues(\.calls.first).min {
            ($0.value.start, $0.value.ticket.number) < ($1.value.start, $1.value.ticket.number)
        }
        guard let first else { return nil }
        lanes[first.key]?.serve()
        count -= 1
        virtualTime = max(virtualTime, first.value.start)
        recent.note(at: now)
        forget()
        return first.value.ticket
    }

    /// The call waits no more, without having gone. Its tenant's later ones
    /// go as if it had never come.
    ///
    /// - Returns: Whether it was waiting.
    @discardableResult
    package mutating func leave(_ ticket: Ticket) -> Bool {
        let left = lanes[ticket.tenant]?.remove { $0.ticket == ticket } ?? []
        count -= left.count
        forget()
        return !left.isEmpty
    }

    /// Nobody waits any more.
    package mutating func removeAll() {
        lanes = [:]
        count = 0
        virtualTime = 0
    }

    /// Takes out the calls whose wait has run out, in the order of their coming.
    package mutating func expire(at now: Timestamp) -> [Ticket] {
        var late: [Ticket] = []
        for tenant in lanes.keys {
            late += lanes[tenant]?.remove { $0.deadline <= now } ?? []
        }
        count -= late.count
        forget()
        return late.sorted { $0.number < $1.number }
    }

    /// When the first wait runs out.
    package var nextDeadline: Timestamp? {
        lanes.values.flatMap(\.calls).map(\.deadline).min()
    }

    /// How long a call of the tenant that came now would wait, by the places that came free lately:
    /// those before it over the calls that went in the last seconds. The whole wait where none did.
    package func expectedWait(_ tenant: TenantID?, at now: Timestamp) -> Duration {
        let own = lanes[tenant]?.calls.count ?? 0
        let before = lanes.reduce(own + 1) { sum, lane in
            lane.key == tenant ? sum : sum + min(lane.value.calls.count, own + 1)
        }
        return recent.time(for: before, at: now) ?? limits.wait
    }

    /// A tenant without a waiting call whose tag time has passed is as good as new. Where none
    /// waits at all, time begins anew, so that tags don't grow for ever.
    private mutating func forget() {
        guard count > 0 else { return removeAll() }
        let now = virtualTime
        lanes = lanes.filter { !$0.value.calls.isEmpty || $0.value.finish > now }
    }
}

/// One tenant's waiting calls, in the order of their coming.
private struct Lane: Sendable {
    private(set) var calls: [Call] = []
    /// The finish tag of its last call that went.
    private var served: Int64

    struct Call: Sendable {
        let ticket: FairQueue.Ticket
        let step: Int64
        /// The virtual time then.
        let cameAt: Int64
        let deadline: Timestamp
        var start: Int64 = 0

        var finish: Int64 {
            let (sum, over) = start.addingReportingOverflow(step)
            return over ? .max : sum
        }
    }

    init(served: Int64) { self.served = served }

    var finish: Int64 { calls.last?.finish ?? served }

    mutating func add(_ call: Call) {
        var call = call
        call.start = max(call.cameAt, finish)
        calls.append(call)
    }

    mutating func serve() { served = calls.removeFirst().finish }

    /// - Returns: Those that it took out.
    mutating func remove(_ matches: (Call) -> Bool) -> [FairQueue.Ticket] {
        let gone = calls.filter(matches).map(\.ticket)
        guard !gone.isEmpty else { return [] }
        let rest = calls.filter { !matches($0) }
        calls = []
        for call in rest { add(call) }
        return gone
    }
}

/// How fast places come free: the last departures, at most so many.
private struct DepartureRate: Sendable {
    private var moments: [Timestamp] = []
    private static let most = 32
    private static let window: Int64 = 10_000

    mutating func note(at now: Timestamp) {
        if moments.count == DepartureRate.most { moments.removeFirst() }
        moments.append(now)
    }

    /// Nil where nothing went lately.
    func time(for count: Int, at now: Timestamp) -> Duration? {
        let recent = moments.filter {
            (0...DepartureRate.window).contains(now.milliseconds(since: $0))
        }
        guard let first = recent.first else { return nil }
        let span = max(1, now.milliseconds(since: first))
        return .milliseconds(span * Int64(count) / Int64(recent.count))
    }
}
