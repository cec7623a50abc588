import HTTPTypes
import WeirCore
import WeirService

extension CallStanding {
    /// The headers in which clients of a wire look for it: Anthropic's own, for others OpenAI's.
    func headers(for wire: Wire) -> [HTTPField] {
        (requests?.headers(for: wire, of: "requests") ?? [])
            + (tokens?.headers(for: wire, of: "tokens") ?? [])
    }
}

extension RateStanding {
    fileprivate func headers(for wire: Wire, of kind: String) -> [HTTPField] {
        switch wire {
        case .messages:
            [
                HTTPField(name: .named("anthropic-ratelimit-\(kind)-limit"), value: String(limit)),
                HTTPField(
                    name: .named("anthropic-ratelimit-\(kind)-remaining"),
                    value: String(remaining)),
                HTTPField(
                    name: .named("anthropic-ratelimit-\(kind)-reset"),
                    value: resetMoment.rfc3339),
            ]
        case .complete, .chatCompletions, .responses, .generateContent:
            [
                HTTPField(name: .named("x-ratelimit-limit-\(kind)"), value: String(limit)),
                HTTPField(
                    name: .named("x-ratelimit-remaining-\(kind)"), value: String(remaining)),
                HTTPField(name: .named("x-ratelimit-reset-\(kind)"), value: resetAfter.shortText),
            ]
        }
    }

    /// On a whole second, as Anthropic writes it; never too early.
    private var resetMoment: Timestamp {
        let moment = at.advanced(by: resetAfter).milliseconds
        let rest = moment % 1_000
        return Timestamp(milliseconds: rest > 0 ? moment - rest : moment)
            .advanced(seconds: rest > 0 ? 1 : 0)
    }
}

extension Duration {
    /// As OpenAI writes one: `0s`, `120ms`, `1s`, `8.64s`, `6m0s`, `1h0m0.5s`.
    var shortText: String {
        let seconds = max(0, components.seconds)
        let milliseconds = max(0, components.attoseconds / 1_000_000_000_000_000)
        if seconds == 0, milliseconds > 0 { return "\(milliseconds)ms" }
        var fraction = milliseconds == 0 ? "" : ".\(String(1_000 + milliseconds).dropFirst())"
        while fraction.utf8.last == UInt8(ascii: "0") { fraction.removeLast() }
        let hours = seconds >= 3_600 ? "\(seconds / 3_600)h" : ""
        let minutes = seconds >= 60 ? "\(seconds / 60 % 60)m" : ""
        return "\(hours)\(minutes)\(seconds % 60)\(fraction)s"
    }
}
