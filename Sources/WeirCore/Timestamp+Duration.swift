extension Timestamp {
    /// So much later; stays within the range of moments.
    package func advanced(by duration: Duration) -> Timestamp {
        let (sum, over) = milliseconds.addingReportingOverflow(duration.wholeMilliseconds)
        guard over else { return Timestamp(milliseconds: sum) }
        return Timestamp(milliseconds: duration < .zero ? .min : .max)
    }

    /// Milliseconds from an earlier moment to this one; negative where it is later.
    package func milliseconds(since other: Timestamp) -> Int64 {
        let (difference, over) = milliseconds.subtractingReportingOverflow(other.milliseconds)
        return over ? (self < other ? .min : .max) : difference
    }
}

extension Duration {
    /// Rounded towards zero; stays within Int64.
    var wholeMilliseconds: Int64 {
        let (seconds, over) = components.seconds.multipliedReportingOverflow(by: 1_000)
        let (sum, more) = seconds.addingReportingOverflow(
            components.attoseconds / 1_000_000_000_000_000)
        return over || more ? (self < .zero ? .min : .max) : sum
    }
}
