/// What screening saw: the kind and how often, never the text itself. Fit for the audit log.
package struct Finding: Sendable, Equatable {
    /// `control`, `invisible`, `html`, `length`, `injection.…`, `pii.…`, `output.…`.
    package let kind: String
    package let count: Int

    package init(_ kind: String, count: Int = 1) {
        self.kind = kind
        self.count = count
    }
}

/// Findings while they are counted. A text has few kinds: a list beats a dictionary.
struct FindingTally {
    private var counts: [(kind: String, count: Int)] = []

    mutating func add(_ kind: String, _ count: Int = 1) {
        guard count > 0 else { return }
        if let index = counts.firstIndex(where: { $0.kind == kind }) {
            counts[index].count += count
        } else {
            counts.append((kind, count))
        }
    }

    /// Sorted by kind.
    var findings: [Finding] {
        guard !counts.isEmpty else { return [] }
        return counts.sorted { $0.kind < $1.kind }.map { Finding($0.kind, count: $0.count) }
    }
}
