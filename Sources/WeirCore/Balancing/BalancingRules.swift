/// How calls are spread over the instances of a pool, and when one of them gets none.
package struct BalancingRules: Sendable, Equatable {
    package var method = BalancingMethod.leastTime
    /// Calls that one instance has in flight, at most.
    package var mostInFlight = 1_024
    /// Health checks in a row that fail until an instance is out, and that succeed until it is in.
    package var failedChecks = 1
    package var passedChecks = 1
    /// Between two checks of one instance: what a caller is told to wait while none is healthy.
    package var checkInterval = Duration.seconds(5)
    /// Calls in a row that fail until an instance is ejected; a success begins the count anew.
    package var failedCalls = 5
    /// The first ejection's time; each further one takes twice as long, up to `longestEjection`.
    package var ejection = Duration.seconds(10)
    package var longestEjection = Duration.seconds(300)
    /// Of the instances that aren't draining, the percentage that may be ejected at once. Health
    /// checks may take out all.
    package var ejectedShare = 50
    /// Over this time the share of a new instance, or of one that is back, rises from a tenth to
    /// the whole; zero: at once.
    package var slowStart = Duration.seconds(30)
    /// How fast an estimate of the time that calls take forgets: after so long it is half.
    package var memory = Duration.seconds(10)

    package init() {}
}

package enum BalancingMethod: String, Sendable, CaseIterable {
    /// Of two instances drawn by lot, the one with the smaller product of its time to the last byte
    /// and the calls that it has in flight.
    case leastTime = "least_time"
    case roundRobin = "round_robin"
    /// Of all instances the one with the fewest calls in flight.
    case leastConnections = "least_connections"
}

extension BalancingRules {
    /// The part of its share that an instance gets at once, in thousandths.
    static let firstShare: Int64 = 100

    var inFlightLimit: Int { min(max(1, mostInFlight), 100_000) }

    /// Milliseconds; at most a day.
    func bounded(_ time: Duration) -> Int64 { min(max(0, time.wholeMilliseconds), 86_400_000) }

    /// Milliseconds that an ejection lasts, after so many of them.
    func ejectionTime(after ejections: Int) -> Int64 {
        var time = min(max(1, bounded(ejection)), max(1, bounded(longestEjection)))
        for _ in 0..<min(max(0, ejections), 32) {
            time = min(time * 2, max(1, bounded(longestEjection)))
        }
        return time
    }

    /// Whether one more of `total` may be ejected.
    func allowsEjection(ejected: Int, of total: Int) -> Bool {
        (ejected + 1) * 100 <= total * min(max(0, ejectedShare), 100)
    }
}
