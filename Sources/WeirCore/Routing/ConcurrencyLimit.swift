/// Bounds the calls in flight at one provider.
package struct ConcurrencyLimit: Sendable, Equatable {
    package let limit: Int
    package private(set) var inFlight = 0
    /// Calls that found it full.
    package private(set) var refused = 0

    package init(_ limit: Int) { self.limit = limit }

    package var isFull: Bool { inFlight >= limit }

    /// Whether there was room; what was taken must be given back once.
    package mutating func take() -> Bool {
        guard !isFull else {
            refused &+= 1
            return false
        }
        inFlight += 1
        return true
    }

    package mutating func giveBack() {
        precondition(inFlight > 0, "a place was given back that nobody had taken")
        inFlight -= 1
    }
}
