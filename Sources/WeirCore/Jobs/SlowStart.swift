/// How many jobs of a queue run at once: as many as it has places; after an outage one, and twice
/// as many with each that was answered, so that what waited doesn't come all at once.
package struct SlowStart: Sendable, Equatable {
    package private(set) var limit: Int
    private let places: Int

    package init(places: Int) {
        self.places = max(places, 1)
        limit = self.places
    }

    /// A job found nobody to ask.
    package mutating func holdBack() { limit = 1 }

    package mutating func answer() { limit = limit > places / 2 ? places : limit * 2 }
}
