import WeirCore

/// The reading of one request of a Gemini client: what only Gemini could be sent, and what bounds
/// the tokens, gathered from all its places.
struct GeminiReading {
    /// Paths of what no other wire has.
    var uncarried: [String] = []
    var messages: Int64 = 0
    var parts: Int64 = 0
    var tools: Int64 = 0
    var images: Int64 = 0
    var isOpen = false
    /// Bytes of base64 in the body that are pictures or documents, not text.
    var mediaBytes: Int64 = 0
    /// What tools and their arguments gain where they are written in pure ASCII.
    var growth: Int64 = 0
    var calls = GeminiCalls()

    func bound(_ body: JSONObject) -> InputBound {
        let overhead = tools > 0 ? InputBound.toolOverhead : 0
        return InputBound(
            textBytes: max(0, JSON.object(body).plainBytes - mediaBytes) + growth + overhead,
            items: messages + parts + tools, images: images, isOpen: isOpen)
    }

    mutating func leaveBehind(_ object: GeminiObject, otherThan known: Set<String>) {
        uncarried += object.others(than: known)
    }
}
