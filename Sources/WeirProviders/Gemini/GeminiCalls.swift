/// The function calls of a conversation. Gemini's have ids at times, other wires' always.
struct GeminiCalls {
    private var count = 0
    private var known: Set<String> = []
    private var answered: Set<String> = []
    /// By the function's name, the oldest first, and the place of the oldest without an answer.
    private var open: [String: (ids: [String], next: Int)] = [:]

    /// The id of the conversation's next call: its own, or one that is the same in every turn.
    mutating func ask(_ name: String, id: String?) -> String {
        let id = id ?? "call_\(count)"
        count += 1
        known.insert(id)
        open[name, default: ([], 0)].ids.append(id)
        return id
    }

    /// The id of the call that is answered: the one of that id, else the oldest open one of that
    /// name.
    mutating func answer(_ name: String, id: String?) -> String {
        var answer = id.flatMap { known.contains($0) ? $0 : nil }
        while answer == nil, let calls = open[name], calls.next < calls.ids.count {
            open[name]?.next += 1
            let oldest = calls.ids[calls.next]
            if !answered.contains(oldest) { answer = oldest }
        }
        let found = answer ?? id ?? ask(name, id: nil)
        answered.insert(found)
        return found
    }
}
