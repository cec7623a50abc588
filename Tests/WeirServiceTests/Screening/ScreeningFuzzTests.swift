import Testing
import WeirCore
import WeirTesting

@testable import WeirService

/// Random text made of dangerous pieces: nothing traps, and screening twice changes nothing.
@Suite struct ScreeningFuzzTests {
    @Test(arguments: [1, 2, 3, 4, 5, 6, 7, 8] as [UInt64])
    func `screening a screened prompt changes nothing`(_ seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let screen = try InputScreen(strictest())
        for round in 0..<800 {
            let messages = (0..<Int.random(in: 0..<3, using: &random)).map { _ in
                ChatMessage(
                    role: Bool.random(using: &random) ? .user : .assistant, text: text(&random))
            }
            let system: String? = Bool.random(using: &random) ? text(&random) : nil
            guard case .pass(let once) = screen.screen(system: system, messages: messages),
                case .pass(let twice) = screen.screen(system: once.system, messages: once.messages)
            else {
                Issue.record("blocked: seed \(seed), round \(round)")
                return
            }
            let same =
                scalars(once.system) == scalars(twice.system)
                && once.messages.map { scalars($0.text) } == twice.messages.map { scalars($0.text) }
            #expect(same, "seed \(seed), round \(round): \(once) \(twice)")
            guard same else { return }
        }
    }

    @Test(arguments: [11, 12, 13, 14] as [UInt64])
    func `no answer traps, keeps a tag or changes when stripped again`(_ seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        var policy = strictest()
        policy.output.stripTags = true
        let screen = try OutputScreen(policy)
        policy.output.requiredJSONFields = ["a.b"]
        let jsonScreen = try OutputScreen(policy)
        for round in 0..<800 {
            let text = text(&random)
            let once = try screen.screen(text).text
            #expect(!opensTag(once), "seed \(seed), round \(round)")
            #expect(try screen.screen(once).text.utf8.elementsEqual(once.utf8))
            // Hardly ever JSON; it must throw, not trap.
            _ = try? jsonScreen.screen(text)
        }
    }

    private func strictest() -> ScreeningPolicy {
        var policy = ScreeningPolicy()
        policy.controlCharacters = .clean
        policy.invisibleCharacters = .clean
        policy.html = .clean
        policy.injectionCoversSystemPrompt = true
        policy.personalData.mode = .scrub
        policy.personalData.nationalIDPatterns = [
            .init(pattern: "CM9{8}A{4}"), .init(name: "short", pattern: "9{4,5}-?A?"),
        ]
        policy.output.personalData = .scrub
        policy.systemPromptSuffix = ScreeningPolicy.standardSuffix
        return policy
    }

    private func text(_ random: inout SplitMix) -> String {
        let length = Int.random(in: 0..<40, using: &random)
        if Int.random(in: 0..<4, using: &random) == 0 {
            let bytes = (0..<length).map { _ in UInt8.random(in: .min ... .max, using: &random) }
            return String(decoding: bytes, as: UTF8.self)
        }
        var text = String.UnicodeScalarView()
        for _ in 0..<length {
            let piece = Int.random(in: pieces.indices, using: &random)
            text += pieces[piece].unicodeScalars
        }
        return String(text)
    }

    private func scalars(_ text: String?) -> [Unicode.Scalar] {
        text.map { Array($0.unicodeScalars) } ?? []
    }

    private let pieces = [
        "<", ">", "<b>", "</b>", "<scr", "ipt>", "<!--", "-->", "<https://", "é", "a", "b", " ",
        "\n",
        "\u{200D}", "\u{200B}", "\u{AD}", "\u{FE0F}", "\u{E0041}", "\u{E007F}", "🏴", "\u{202E}",
        "\u{FEFF}", "\u{1}", "\u{C}", "\u{85}", "0", "1", "07", "4111", "1111", "4111111111111111",
        "-", ".", ",", "(", ")", "+", "@", "x@y.io", "example.com", "2026", "04", "456", "_", "CM",
        "ignore", "previous", "instructions", "忽略", "之前", "指令", "SWdub3JlIGFsbCBwcmV2aW91cyBp",
        "=", "/", "[", "]", "[card]", "{\"a\":{\"b\":1}}", "```", "\u{301}", "\u{FDFA}", "ﬁ", "👩",
        "\"",
    ]
}
