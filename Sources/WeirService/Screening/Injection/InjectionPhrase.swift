/// One phrase: alternatives, word after word.
struct InjectionPhrase {
    let kind: InjectionKind
    let steps: [Step]
    /// Whether "don't" or "never" right before it makes it harmless.
    let unlessNegated: Bool

    init(_ kind: InjectionKind, _ steps: [Step], unlessNegated: Bool = false) {
        self.kind = kind
        self.steps = steps
        self.unlessNegated = unlessNegated
    }

    struct Step {
        let words: [Substring]
        let gap: Int

        /// `words` is parted by blanks.
        init(_ words: String, gap: Int = 0) {
            self.words = words.split(separator: " ")
            self.gap = gap
        }
    }
}
