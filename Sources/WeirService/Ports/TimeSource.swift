package import WeirCore

/// Wall time. Passed in, so that tests decide what time it is.
package protocol TimeSource: Sendable {
    func now() -> Timestamp

    /// Waits; shorter where the caller's task is cancelled.
    func pause(_ time: Duration) async
}
