/// What became of a configuration that was read again, by the paths of its keys.
package struct ReloadReport: Sendable, Equatable {
    /// In force from now on.
    package let applied: [String]
    /// Different from what is in force, which stays until the next start.
    package let needsRestart: [String]

    package init(applied: [String], needsRestart: [String]) {
        self.applied = applied
        self.needsRestart = needsRestart
    }
}
