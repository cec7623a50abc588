/// Which personal data is looked for, and what becomes of it.
package struct PersonalDataPolicy: Sendable, Equatable {
    package var mode = PersonalDataMode.off
    package var kinds = Set(PersonalDataKind.allCases)
    /// Tried in this order; at most 32.
    package var nationalIDPatterns: [NationalIDPattern] = []

    package init() {}
}

package enum PersonalDataMode: String, Sendable, CaseIterable {
    case off, flag, scrub, block
}

package enum PersonalDataKind: String, Sendable, CaseIterable {
    case card, email, phone
    case nationalID = "national_id"
}

/// A national id's shape in the language of `docs/screening.md`, such as `CM9{8}A{4}`.
package struct NationalIDPattern: Sendable, Equatable {
    /// Stands in the audit log and, in brackets, in scrubbed text: `[national_id]`.
    package let name: String
    package let pattern: String

    package init(name: String = PersonalDataKind.nationalID.rawValue, pattern: String) {
        self.name = name
        self.pattern = pattern
    }
}

/// Why a national id's pattern can't be used; for the configuration's author.
package struct PatternError: Error, Sendable, Equatable {
    package let name: String
    package let reason: String
}
