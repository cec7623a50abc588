extension InjectionPhrases {
    static let european: [InjectionPhrase] = [
        ignoring(
            "ignoriere ignoriert ignorieren missachte vergiss",
            "vorherige vorherigen vorangegangenen bisherigen obigen früheren vorigen",
            "anweisungen anweisung instruktionen regeln vorgaben befehle prompt"),
        ignoring(
            "ignore ignorez ignorer oublie oubliez",
            "instructions consignes règles directives",
            "précédentes précédents antérieures dessus initiales"),
        ignoring(
            "ignora ignore ignorar ignoren olvida olvide desestima",
            "instrucciones reglas indicaciones órdenes",
            "anteriores previas precedentes iniciales"),
        ignoring(
            "ignore ignora ignorar esqueça esquece desconsidere",
            "instruções regras orientações comandos",
            "anteriores acima prévias iniciais"),
        ignoring(
            "ignora ignorare ignorate dimentica",
            "istruzioni regole indicazioni",
            "precedenti sopra iniziali"),
        ignoring(
            "negeer vergeet", "vorige eerdere bovenstaande voorgaande",
            "instructies regels opdrachten"),
        ignoring(
            "zignoruj ignoruj zapomnij", "poprzednie wcześniejsze powyższe poprzednich",
            "instrukcje polecenia zasady instrukcjach"),
        ignoring(
            "игнорируй игнорируйте проигнорируй проигнорируйте забудь забудьте",
            "предыдущие прошлые прежние вышеуказанные все",
            "инструкции указания правила команды"),
        ignoring("önceki yukarıdaki", "talimatları komutları kuralları", "yok unut görmezden"),
        InjectionPhrase(
            .revealPrompt,
            [
                .init(
                    "zeige zeig verrate nenne révèle révélez montre affiche muestra muéstrame "
                        + "revela mostra mostre rivela toon pokaż покажи раскрой"),
                .init("system système sistema systeem systemowy системный", gap: 4),
                .init("prompt промпт", gap: 1),
            ]),
        InjectionPhrase(
            .revealPrompt,
            [
                .init(
                    "zeige zeig verrate nenne révèle révélez montre affiche muestra muéstrame "
                        + "revela mostra mostre rivela toon pokaż покажи раскрой"),
                .init("prompt systemprompt промпт", gap: 3),
                .init("système sistema systemowy", gap: 2),
            ]),
        InjectionPhrase(
            .revealPrompt,
            [.init("zeige zeig verrate nenne toon"), .init("systemprompt", gap: 4)]),
    ]

    static let others: [InjectionPhrase] = [
        ignoring("puuza sahau", "maagizo maelekezo kanuni", "yaliyotangulia yaliyopita awali juu"),
        ignoring("تجاهل تجاهلي انس", "التعليمات الأوامر تعليمات", "السابقة أعلاه"),
        ignoring("पिछले पूर्व", "निर्देशों निर्देश", "अनदेखा नज़रअंदाज भूल"),
        ignoring("忽略 无视 無視 忘记 忘記", "之前 以上 先前 前面 上述", "指令 指示 提示 规则 規則 设定"),
        ignoring("以前 上記 これまで 前", "指示 命令 ルール 指令", "無視 忘れ"),
        ignoring("이전 위 앞", "지시 명령 규칙 프롬프트", "무시 잊"),
        InjectionPhrase(
            .revealPrompt,
            [
                .init("显示 输出 告诉 泄露 透露 顯示 輸出 告訴"),
                .init("系统提示 系統提示 系统指令 初始提示", gap: 8),
            ]),
        markers(
            "<|im_start|> <|im_end|> <|system <|user|> <|assistant <|endof <|eot_id <|start_header "
                + "<|end_header <|begin <|end [inst] [/inst] <<sys>> <</sys>> <start_of_turn> "
                + "<end_of_turn> <system> </system> ###system: ###systemprompt ###systemmessage "
                + "###instruction: [system](#"),
    ]

    private static func ignoring(
        _ first: String, _ second: String, _ third: String
    ) -> InjectionPhrase {
        InjectionPhrase(
            .ignoreInstructions, [.init(first), .init(second, gap: 5), .init(third, gap: 5)])
    }

    /// Matched as they stand; blanks may stand between their characters' groups in the text.
    private static func markers(_ all: String) -> InjectionPhrase {
        InjectionPhrase(.roleMarker, [.init(all)])
    }
}
