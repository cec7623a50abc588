import WeirCore

/// The routes of one call, from the first to the last that is worth trying.
struct RouteSequence: Sendable {
    private let routes: [Route]
    private var index = 0
    /// Attempts on the route at hand, and on all routes.
    private var tries = 0
    private var attempts = 0

    init(_ routes: [Route]) { self.routes = routes }

    /// The route at hand; nil where none is left.
    var current: Route? { index < routes.count ? routes[index] : nil }

    /// Which route is at hand.
    var position: Int {
        get { index }
        set {
            index = newValue
            tries = 0
        }
    }

    /// The route can't be asked.
    mutating func skip() {
        index += 1
        tries = 0
    }

    mutating func noteAttempt() {
        tries += 1
        attempts += 1
    }

    /// What comes after an attempt on the route at hand: the wait before the next one, or nil.
    mutating func goesOn(
        after ending: AttemptEnding, wasCharged: Bool, _ rules: RetryRules, dice: UInt64
    ) -> Duration? {
        let decision = rules.decide(
            after: ending, tries: tries, attempts: attempts, wasCharged: wasCharged, dice: dice)
        switch decision {
        case .stop: return nil
        case .retry(let wait): return wait
        case .nextRoute:
            guard index + 1 < routes.count else { return nil }
            skip()
            return .zero
        }
    }
}
