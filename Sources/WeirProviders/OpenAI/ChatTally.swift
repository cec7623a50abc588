import WeirCore

/// What the parts of a request add up to while they are read.
struct ChatTally {
    /// Messages, their parts, calls and tools.
    var items: Int64 = 0
    var images: Int64 = 0
    /// Bytes of base64, which no model reads as text.
    var mediaBytes: Int64 = 0
    /// Whether there is a document, whose pages nobody has counted.
    var isOpen = false
    /// See `JSON.escapeGrowth`.
    var growth: Int64 = 0
    /// How often a provider's own words around tools are to be expected.
    var toolOverheads: Int64 = 0
    var uncarried: [String] = []

    func bound(_ body: JSONObject) -> InputBound {
        let text = JSON.object(body).plainBytes - mediaBytes
        return InputBound(
            textBytes: text + growth + toolOverheads * InputBound.toolOverhead, items: items,
            images: images, isOpen: isOpen)
    }
}
