package import WeirCore

/// Where a pool's instances are known from. Two implementations: the configured addresses, resolved
/// anew each time, and a fake for tests.
package protocol InstanceSource: Sendable {
    /// The instances as they are now; those that the transport is to reach from now on. Whoever is
    /// gone finishes what it has.
    ///
    /// - Returns: nil where it can't be found out: the instances stay what they were.
    func instances() async -> [InstanceName]?
}
