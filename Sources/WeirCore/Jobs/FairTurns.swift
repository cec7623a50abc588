/// Whose job a queue takes next: each tenant that has one waiting in its turn, however many it has.
///
/// Virtual time. A tenant's mark is the turn of its next job; who has waited for nothing starts at
/// the queue's present turn, not at the turn where it left, so that being idle saves nothing up.
package struct FairTurns: Sendable, Equatable {
    /// The turn that the queue has reached.
    package private(set) var present: Int64

    package init(present: Int64 = 0) { self.present = present }

    /// The mark of a tenant whose first job comes to wait.
    /// - Parameter last: its mark when it last had a job waiting.
    package func mark(after last: Int64?) -> Int64 { max(last ?? present, present) }

    /// The tenant at this mark, the lowest of all, is served.
    /// - Returns: its next mark.
    package mutating func serve(_ mark: Int64) -> Int64 {
        present = max(present, mark)
        return present &+ 1
    }
}
