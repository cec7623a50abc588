/// The phrases that are looked for, as sequences of words with gaps.
///
/// A list made by hand from publicly known attacks; short on purpose. A step holds alternatives;
/// between two steps may stand at most the second one's `gap` of other words.
enum InjectionPhrases {
    static let all: [InjectionPhrase] = english + european + others

    private static let english: [InjectionPhrase] = [
        InjectionPhrase(
            .ignoreInstructions,
            [
                .init(
                    "ignore ignoring disregard disregarding override overriding bypass bypassing"),
                .init(
                    "previous prior above earlier preceding foregoing initial original system your "
                        + "all any these",
                    gap: 4),
                .init(
                    "instruction instructions prompt prompts directive directives rules guidelines "
                        + "programming restrictions safeguards",
                    gap: 3),
            ]),
        InjectionPhrase(
            .ignoreInstructions,
            [
                .init("forget forgetting"),
                .init("previous prior above earlier preceding all everything", gap: 3),
                .init(
                    "instruction instructions prompt prompts directives rules guidelines "
                        + "programming",
                    gap: 3),
            ], unlessNegated: true),
        InjectionPhrase(
            .ignoreInstructions,
            [
                .init("your"), .init("new real actual true", gap: 1),
                .init("instructions directive directives", gap: 1), .init("is are follow", gap: 1),
            ]),
        InjectionPhrase(
            .revealPrompt,
            [
                .init("reveal repeat print output leak expose dump recite disclose divulge"),
                .init("your", gap: 4),
                .init("prompt prompts instructions preprompt", gap: 3),
            ]),
        InjectionPhrase(
            .revealPrompt,
            [
                .init(
                    "reveal repeat print output leak expose dump recite disclose divulge show tell "
                        + "display"),
                .init("system hidden initial secret developer", gap: 4),
                .init("prompt prompts preprompt instructions", gap: 1),
            ]),
        InjectionPhrase(
            .revealPrompt,
            [
                .init("what whats"), .init("your", gap: 2),
                .init("system hidden initial secret original", gap: 1),
                .init("prompt prompts instructions", gap: 1),
            ]),
        InjectionPhrase(
            .roleOverride,
            [
                .init("you"), .init("are"), .init("now"), .init("a an the my acting", gap: 1),
                .init("ai assistant chatbot bot model hacker character persona llm", gap: 3),
            ]),
        InjectionPhrase(
            .roleOverride,
            [
                .init("from"), .init("now"), .init("on"), .init("you", gap: 1),
                .init("respond answer act behave pretend reply obey speak", gap: 3),
            ]),
        InjectionPhrase(
            .jailbreak,
            [
                .init("now pretend act become simulate roleplay are be"),
                .init("unrestricted uncensored unfiltered jailbroken amoral", gap: 8),
                .init("ai assistant chatbot bot model llm mode version", gap: 3),
            ]),
        InjectionPhrase(
            .jailbreak,
            [
                .init("are entering enter simulate emulate respond switch"),
                .init("developer god dan jailbreak sudo dev unrestricted", gap: 4), .init("mode"),
            ]),
        InjectionPhrase(
            .jailbreak,
            [
                .init("developer god dan jailbreak sudo"), .init("mode"),
                .init("enabled activated engaged", gap: 2),
            ]),
        InjectionPhrase(
            .jailbreak,
            [
                .init("are as be called become"), .init("dan"), .init("do", gap: 8),
                .init("anything"), .init("now"),
            ]),
        InjectionPhrase(
            .jailbreak,
            [
                .init("dan"), .init("stands means"), .init("do", gap: 3), .init("anything"),
                .init("now"),
            ]),
        InjectionPhrase(
            .jailbreak,
            [
                .init("respond answer act reply speak behave"), .init("without", gap: 4),
                .init("restrictions filters censorship limitations ethics morals", gap: 3),
            ]),
        InjectionPhrase(
            .jailbreak,
            [
                .init("no"), .init("longer"), .init("bound restricted constrained", gap: 1),
                .init("rules guidelines restrictions instructions programming", gap: 4),
            ]),
    ]
}
