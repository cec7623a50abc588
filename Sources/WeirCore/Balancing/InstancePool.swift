/// Instances of one service, and which of them gets the next call. The circuit breaker in front of
/// the service, too: while none is healthy, calls are refused at once.
///
/// Its own clock adds up what the given moments move forward, so a clock that is set back delays
/// nothing but by what it is set back itself.
package struct InstancePool: Sendable {
    package private(set) var rules: BalancingRules
    /// In the order of their names.
    private(set) var instances: [PooledInstance] = []
    private var leases: Set<UInt64> = []
    private var lastNumber: UInt64 = 0
    private var clock: Int64 = 0
    private var lastMoment: Timestamp

    /// Instances in one pool, draining ones included.
    package static let mostInstances = 256

    package init(rules: BalancingRules, at now: Timestamp) {
        self.rules = rules
        lastMoment = now
    }

    /// Whether some instance would take calls, full or not.
    package mutating func isAvailable(at now: Timestamp) -> Bool {
        advance(to: now)
        return instances.contains(where: \.isEligible)
    }

    /// Seconds, at least one, after which another try makes sense where no instance takes calls;
    /// nil where one does, full or not.
    package mutating func outage(at now: Timestamp) -> Int? {
        isAvailable(at: now) ? nil : retryAfter
    }

    /// Other rules from now on. What is known of the instances stays.
    package mutating func set(_ rules: BalancingRules, at now: Timestamp) {
        advance(to: now)
        self.rules = rules
    }

    /// Gives the next call a place.
    ///
    /// - Parameters:
    ///   - dice: uniform over all of UInt64.
    ///   - excluding: those that were tried for this call.
    package mutating func choose(
        at now: Timestamp, dice: UInt64, excluding excluded: Set<InstanceName> = []
    ) -> InstanceChoice {
        advance(to: now)
        let eligible = instances.indices.filter {
            instances[$0].isEligible && !excluded.contains(instances[$0].name)
        }
        guard !eligible.isEmpty else { return .refused(.noneHealthy(retryAfter: retryAfter)) }
        let free = eligible.filter { instances[$0].inFlight < rules.inFlightLimit }
        guard !free.isEmpty else { return .refused(.allFull) }
        let index = pick(free, dice: dice, clock: clock)
        instances[index].begin()
        lastNumber += 1
        leases.insert(lastNumber)
        return .leased(
            InstanceLease(
                instance: instances[index].name, number: lastNumber,
                generation: instances[index].generation, start: clock))
    }

    /// Takes a place back; a second time it does nothing.
    package mutating func end(
        _ lease: InstanceLease, _ outcome: InstanceOutcome, at now: Timestamp
    ) {
        advance(to: now)
        guard leases.remove(lease.number) != nil, let index = index(of: lease.instance) else {
            return
        }
        instances[index].inFlight -= 1
        let isCurrent = lease.generation == instances[index].generation
        switch outcome {
        case .success where isCurrent:
            instances[index].succeed(took: clock - lease.start, at: clock, rules)
        case .failure where isCurrent:
            let isTooMany = instances[index].fail(took: clock - lease.start, at: clock, rules)
            if isTooMany, mayEject { instances[index].eject(at: clock, rules) }
        case .success, .failure, .neutral: break
        }
        removeDrained()
    }

    /// Takes in a health check's result; one of an instance that is gone counts nothing.
    package mutating func check(_ name: InstanceName, passed: Bool, at now: Timestamp) {
        advance(to: now)
        guard let index = index(of: name) else { return }
        instances[index].check(passed: passed, at: clock, rules)
    }

    /// The instances from now on. Those that stay keep what is known of them, those that go are
    /// drained, those that come begin with a small share unless all do.
    ///
    /// - Returns: Those that found no place, because the pool is full.
    @discardableResult
    package mutating func set(_ names: [InstanceName], at now: Timestamp) -> [InstanceName] {
        advance(to: now)
        let wanted = Set(names)
        for index in instances.indices {
            instances[index].isDraining = !wanted.contains(instances[index].name)
        }
        removeDrained()
        let isFirst = !instances.contains { !$0.isDraining }
        let known = Set(instances.map(\.name))
        let new = wanted.subtracting(known).sorted { $0.description < $1.description }
        let room = max(0, InstancePool.mostInstances - instances.count)
        for name in new.prefix(room) {
            instances.append(PooledInstance(name: name, risingSince: isFirst ? nil : clock))
        }
        instances.sort { $0.name.description < $1.name.description }
        return Array(new.dropFirst(room))
    }

    /// An instance takes no new call, and leaves when it has none in flight.
    package mutating func drain(_ name: InstanceName, at now: Timestamp) {
        advance(to: now)
        guard let index = index(of: name) else { return }
        instances[index].isDraining = true
        removeDrained()
    }

    /// Every instance as it is now, by name.
    package func snapshots(at now: Timestamp) -> [InstanceSnapshot] {
        var copy = self
        copy.advance(to: now)
        return copy.instances.map { InstanceSnapshot($0, at: copy.clock, rules) }
    }

    mutating func give(_ credit: Int64, to index: Int) { instances[index].credit += credit }
}

extension InstancePool {
    private mutating func advance(to now: Timestamp) {
        let (sum, over) = clock.addingReportingOverflow(max(0, now.milliseconds(since: lastMoment)))
        // Some 100 million years; what is added to it later must not overflow.
        clock = over ? InstancePool.lastClock : min(sum, InstancePool.lastClock)
        lastMoment = now
        for index in instances.indices { instances[index].advance(to: clock) }
    }

    private static let lastClock = Int64.max / 2

    private func index(of name: InstanceName) -> Int? { instances.firstIndex { $0.name == name } }

    private mutating func removeDrained() {
        instances.removeAll { $0.isDraining && $0.inFlight == 0 }
    }

    private var mayEject: Bool {
        let staying = instances.filter { !$0.isDraining }
        let ejected = staying.count { $0.ejectedUntil != nil }
        return rules.allowsEjection(ejected: ejected, of: staying.count)
    }

    /// Until the first ejection ends, or the next health check: seconds, at least one.
    private var retryAfter: Int {
        let check = rules.bounded(rules.checkInterval)
        let waits = instances.filter { !$0.isDraining }.map { instance in
            let ejected = instance.ejectedUntil.map { max(0, $0 - clock) } ?? 0
            return instance.isOut ? max(check, ejected) : ejected
        }
        return Int(clamping: max(1, ((waits.min() ?? check) + 999) / 1_000))
    }
}
