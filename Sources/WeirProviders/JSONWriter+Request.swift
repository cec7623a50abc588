import WeirCore

extension JSONWriter {
    /// A number, digit by digit as its writer wrote it.
    mutating func member(_ name: String, _ number: DecimalNumber) {
        self.name(name)
        raw(number.text)
    }

    /// A list of texts, left out where it is empty: not every provider takes an empty one.
    mutating func member(_ name: String, unlessEmpty texts: [String]) {
        guard !texts.isEmpty else { return }
        self.name(name)
        beginArray()
        for text in texts { string(text) }
        endArray()
    }
}
