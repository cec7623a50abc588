/// A configured pool of instances.
package typealias InstancePoolName = Slug

/// Which pool a feature's calls go to: an exact name comes before the narrowest pattern, that
/// before the default.
package struct FeatureRouting: Sendable, Equatable {
    private let exact: [String: InstancePoolName]
    /// The narrowest first; those as narrow in the order in which they were given.
    private let patterns: [Rule]
    package let defaultPool: InstancePoolName

    package struct Rule: Sendable, Equatable {
        package let pattern: FeaturePattern
        package let pool: InstancePoolName

        package init(_ pattern: FeaturePattern, _ pool: InstancePoolName) {
            self.pattern = pattern
            self.pool = pool
        }
    }

    package static let mostRules = 256

    /// Nil where there are too many rules, or two for one pattern.
    package init?(_ rules: [Rule] = [], default defaultPool: InstancePoolName) {
        guard rules.count <= FeatureRouting.mostRules,
            Set(rules.map(\.pattern)).count == rules.count
        else { return nil }
        let named = rules.filter(\.pattern.isExact).map { ($0.pattern.description, $0.pool) }
        exact = Dictionary(named) { first, _ in first }
        let open = rules.filter { !$0.pattern.isExact }.enumerated()
        patterns =
            open.sorted { left, right in
                let (one, two) = (left.element.pattern, right.element.pattern)
                return (-one.literalCount, left.offset) < (-two.literalCount, right.offset)
            }.map(\.element)
        self.defaultPool = defaultPool
    }

    /// Exact names first, then patterns, the narrowest first.
    package var rules: [Rule] {
        let named = exact.sorted { $0.key < $1.key }.compactMap { name, pool in
            FeaturePattern(name).map { Rule($0, pool) }
        }
        return named + patterns
    }

    /// - Parameter feature: nil where a call names none.
    package func pool(for feature: FeatureSlug?) -> InstancePoolName {
        guard let feature else { return defaultPool }
        if let pool = exact[feature.description] { return pool }
        return patterns.first { $0.pattern.matches(feature) }?.pool ?? defaultPool
    }
}
