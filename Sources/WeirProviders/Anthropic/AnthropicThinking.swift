import WeirCore

/// How a model is told how much to think.
///
/// Models before generation 4.6 take a budget of tokens; from then on thinking is adaptive and
/// steered by an effort, and from 4.7 on a budget is refused. Those of generation 5 think unless
/// told otherwise (vendor's pages on thinking and on effort).
struct AnthropicThinking: Equatable {
    enum Mode: Equatable {
        /// Whatever the model does by itself.
        case unsaid
        case disabled
        case budget(Int64)
        case adaptive
    }

    private(set) var mode = Mode.unsaid
    /// `low`, `medium`, `high`, `xhigh` or `max`.
    private(set) var effort: String?

    static let smallestBudget: Int64 = 1_024

    init(_ request: ChatRequest) throws(WeirError) {
        let generation = AnthropicGeneration(request.model)
        switch request.reasoning {
        case nil: break
        case .word("none"): if generation.thinksUnasked { mode = .disabled }
        case .word(let word):
            guard let share = AnthropicThinking.shares[word] else {
                throw uncarried("reasoning_effort", "its provider doesn't know this level")
            }
            if generation.isAdaptive {
                mode = .adaptive
                effort = generation.effort(word)
            } else {
                try think(percent: share, request)
            }
        case .tokens(0): if generation.thinksUnasked { mode = .disabled }
        case .tokens(let tokens):
            guard generation.takesBudget else {
                throw uncarried(
                    "reasoning_effort", "it takes no number of tokens; ask for a level of effort")
            }
            guard tokens >= AnthropicThinking.smallestBudget else {
                throw uncarried("reasoning_effort", "its provider takes 1024 tokens or more")
            }
            try think(atMost: tokens, request)
        case .adaptive:
            if generation.isAdaptive { mode = .adaptive } else { try think(percent: 50, request) }
        }
    }

    /// Shares of the output cap, for models that take a budget.
    private static let shares: [String: Int64] = [
        "minimal": 10, "low": 20, "medium": 50, "high": 80, "xhigh": 90, "max": 90,
    ]

    private mutating func think(percent: Int64, _ request: ChatRequest) throws(WeirError) {
        let (product, overflow) = request.maxTokens.multipliedReportingOverflow(by: percent)
        let budget = overflow ? request.maxTokens / 100 : product / 100
        try think(atMost: max(budget, AnthropicThinking.smallestBudget), request)
    }

    /// The budget counts inside the output cap and must leave something of it.
    private mutating func think(atMost budget: Int64, _ request: ChatRequest) throws(WeirError) {
        guard request.maxTokens > AnthropicThinking.smallestBudget else {
            throw uncarried(
                "reasoning_effort", "it takes an output cap above 1024 tokens where it is to think")
        }
        guard !AnthropicThinking.isInsideToolLoop(request) else { return }
        mode = .budget(min(budget, request.maxTokens - 1))
    }

    /// Whether the model's last turn called tools without thoughts that can be sent back. It must
    /// be gone on with as it began, without thinking: the provider refuses anything else.
    private static func isInsideToolLoop(_ request: ChatRequest) -> Bool {
        guard let last = request.messages.last(where: { $0.role == .assistant }) else {
            return false
        }
        let hasCalls = last.parts.contains { if case .toolCall = $0 { true } else { false } }
        return hasCalls && !last.parts.contains { $0.isAnthropicThought }
    }
}

/// A model's generation, as far as its name tells; the newest where it doesn't.
private struct AnthropicGeneration {
    private let number: Int

    init(_ model: ModelName) {
        let words = model.description.utf8.split { !isAlphanumeric($0) }
        var numbers: [Int] = []
        // `claude-3-7-sonnet-20250219`, `claude-opus-4.6`: of a date nothing follows.
        for word in words where word.allSatisfy(isDigit) {
            guard word.count < 3, numbers.count < 2 else { break }
            numbers.append(Int(String(decoding: word, as: UTF8.self)) ?? 0)
        }
        guard let major = numbers.first else {
            number = .max
            return
        }
        number = major * 100 + (numbers.count > 1 ? numbers[1] : 0)
    }

    var isAdaptive: Bool { number >= 406 }
    var takesBudget: Bool { number < 407 }
    var thinksUnasked: Bool { number >= 500 }

    /// `xhigh` came with 4.7; there is no level below `low`.
    func effort(_ word: String) -> String {
        switch word {
        case "minimal": "low"
        case "xhigh" where number < 407: "high"
        default: word
        }
    }
}

extension ChatPart {
    /// Whether it is a thought that Anthropic proved and takes back.
    var isAnthropicThought: Bool {
        guard case .thinking(let thinking) = self else { return false }
        return thinking.redacted?.origin == .messages || thinking.signature?.origin == .messages
    }
}
