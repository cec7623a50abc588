import WeirCore
import WeirService

extension Configuration.Screening {
    init(_ section: ConfigurationSection) {
        self.init()
        standard = ScreeningPolicy(section.section("default"), over: ScreeningPolicy())
        let own = section.section("features")
        for name in own.names {
            let feature = own.section(name)
            guard let slug = FeatureSlug(name, limit: 64) else {
                own.mistake(name, feature.source, ConfigurationSection.slugRule(64))
                continue
            }
            features[slug] = ScreeningPolicy(feature, over: standard)
        }
    }
}

extension ScreeningPolicy {
    /// What a section says, and the rest as another policy has it.
    fileprivate init(_ section: ConfigurationSection, over base: ScreeningPolicy) {
        self = base
        maxInputBytes = section.size("max_input", in: 1...(64 << 20), default: maxInputBytes)
        controlCharacters = section.choice("control_characters", default: controlCharacters)
        invisibleCharacters = section.choice(
            "invisible_characters", default: invisibleCharacters)
        injection = section.choice("injection", default: injection)
        injectionCoversSystemPrompt = section.bool(
            "injection_covers_system_prompt", default: injectionCoversSystemPrompt)
        html = section.choice("html", default: html)
        personalData.read(section.section("personal_data"))
        readSuffix(section)
        output.read(section.section("output"))
        do {
            _ = try FeatureScreen(self)
        } catch {
            section.mistake(
                "personal_data.national_ids.\(error.name)", section.source, error.reason)
        }
    }

    private mutating func readSuffix(_ section: ConfigurationSection) {
        let isHardened = section.bool("harden_system_prompt", default: systemPromptSuffix != nil)
        let suffix = section.optionalText("system_prompt_suffix", limit: 8_192)
        if let suffix, !isHardened, section.contains("harden_system_prompt") {
            section.mistake(
                "system_prompt_suffix", nil,
                "has no effect beside harden_system_prompt: false (\(suffix.utf8.count) bytes)")
        }
        let inherited = systemPromptSuffix ?? ScreeningPolicy.standardSuffix
        systemPromptSuffix = suffix ?? (isHardened ? inherited : nil)
    }
}

extension PersonalDataPolicy {
    fileprivate mutating func read(_ section: ConfigurationSection) {
        mode = section.choice("mode", default: mode)
        if section.contains("kinds") { kinds = [] }
        for (index, scalar) in section.list("kinds").enumerated() {
            if let kind = PersonalDataKind(rawValue: scalar.text) {
                kinds.insert(kind)
            } else {
                let words = PersonalDataKind.allCases.map(\.rawValue)
                section.mistake(
                    "kinds[\(index)]", scalar.source,
                    "must be one of \(words.joined(separator: ", "))"
                        + NearMiss.hint(scalar.text, among: words))
            }
        }
        let patterns = section.section("national_ids")
        if !patterns.names.isEmpty { nationalIDPatterns = [] }
        for name in patterns.names {
            guard let pattern = patterns.optionalText(name, limit: 128) else { continue }
            nationalIDPatterns.append(NationalIDPattern(name: name, pattern: pattern))
        }
    }
}

extension OutputPolicy {
    fileprivate mutating func read(_ section: ConfigurationSection) {
        maxBytes = section.size("max_size", in: 1...(64 << 20), default: maxBytes)
        stripTags = section.bool("strip_tags", default: stripTags)
        escapeHTML = section.bool("escape_html", default: escapeHTML)
        let fields = section.list("required_json_fields").map(\.text)
        if section.contains("required_json_fields") { requiredJSONFields = fields }
        personalData = section.choice("personal_data", default: personalData)
    }
}
