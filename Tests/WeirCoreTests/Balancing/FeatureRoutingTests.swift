import Testing
import WeirCore

@Suite struct FeatureRoutingTests {
    @Test(arguments: [
        ("chat", "chat", true), ("chat", "chats", false), ("*", "anything", true),
        ("chat*", "chat", true), ("chat*", "chat.reply", true), ("chat*", "a.chat", false),
        ("*chat", "a.chat", true), ("*chat", "chats", false), ("a*b*c", "a-b-c", true),
        ("a*b*c", "abc", true), ("a*b*c", "acb", false), ("a**c", "abc", true),
        ("*ab", "aab", true), ("a*a", "a", false), ("Chat", "chat", false),
        ("*a*b", "xaxbxab", true),
    ])
    func `a star stands for any text`(pattern: String, feature: String, matches: Bool) throws {
        let pattern = try #require(FeaturePattern(pattern))
        #expect(pattern.matches(try #require(FeatureSlug(feature))) == matches)
    }

    @Test func `the worst pattern of stars comes to an end`() throws {
        let pattern = try #require(FeaturePattern(String(repeating: "a*", count: 31) + "b"))
        let feature = try #require(FeatureSlug(String(repeating: "a", count: 128)))
        #expect(!pattern.matches(feature))
    }

    @Test(arguments: ["", "a b", "ä*", "*\n", String(repeating: "a", count: 65)])
    func `what no feature can be is no pattern`(text: String) {
        #expect(FeaturePattern(text) == nil)
    }

    @Test(arguments: [
        ("chat.reply", "exact"), ("chat.send", "narrow"), ("chatter", "wide"), ("mail", "rest"),
    ])
    func `exact comes before narrow, before wide, before the default`(
        feature: String, wanted: String
    ) throws {
        let table = [("chat*", "wide"), ("chat.*", "narrow"), ("chat.reply", "exact")]
        let rules = try table.map { pattern, pool in
            FeatureRouting.Rule(
                try #require(FeaturePattern(pattern)), try #require(InstancePoolName(pool)))
        }
        let rest = try #require(InstancePoolName("rest"))
        for rules in [rules, rules.reversed()] {
            let routing = try #require(FeatureRouting(rules, default: rest))
            #expect(routing.pool(for: FeatureSlug(feature)).description == wanted)
            #expect(routing.pool(for: nil) == rest)
        }
        #expect(FeatureRouting(rules + [rules[0]], default: rest) == nil)
    }
}
