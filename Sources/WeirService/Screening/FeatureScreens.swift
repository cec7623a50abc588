package import WeirCore

/// Every feature's screens, compiled from the configuration.
package struct FeatureScreens: Sendable {
    private let standard: FeatureScreen
    private let features: [FeatureSlug: FeatureScreen]

    package init(
        standard: ScreeningPolicy = ScreeningPolicy(),
        features: [FeatureSlug: ScreeningPolicy] = [:]
    ) throws(PatternError) {
        self.standard = try FeatureScreen(standard)
        var screens: [FeatureSlug: FeatureScreen] = [:]
        for (slug, policy) in features { screens[slug] = try FeatureScreen(policy) }
        self.features = screens
    }

    /// The feature's own screens, or the standard ones.
    package subscript(feature: FeatureSlug) -> FeatureScreen { features[feature] ?? standard }
}

/// Both sides of one feature's policy.
package struct FeatureScreen: Sendable {
    package let input: InputScreen
    package let output: OutputScreen

    package init(_ policy: ScreeningPolicy) throws(PatternError) {
        input = try InputScreen(policy)
        output = try OutputScreen(policy)
    }
}
