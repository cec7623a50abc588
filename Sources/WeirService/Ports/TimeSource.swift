package import WeirCore

/// Wall time. Passed in, so that tests decide what time it is.
package protocol TimeSource: Sendable {
    func now() -> Timestamp
}
