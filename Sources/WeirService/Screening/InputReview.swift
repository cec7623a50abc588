/// What one prompt's screening has seen so far.
struct InputReview {
    var tally = FindingTally()
    var refusedAt: InputRefusal.Place?
    /// Text that was written in tag characters, which nobody sees and models read.
    var hidden: [(place: InputRefusal.Place, text: [UInt8])] = []

    mutating func refuse(at place: InputRefusal.Place, if isRefused: Bool) {
        if isRefused, refusedAt == nil { refusedAt = place }
    }
}
