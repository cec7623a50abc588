import WeirCore
import WeirService

extension Configuration {
    /// The templates, with the first model of all where the section names none. A reload takes
    /// templates over, but no models.
    var templatesInForce: FeatureTemplates {
        var templates = templates
        templates.model = templates.model ?? models.first?.name
        return templates
    }
}

extension FeatureTemplates {
    /// The section `templates`: what it says of a built-in template stands in the place of that
    /// part alone.
    ///
    /// - Parameter screening: tells where a system prompt isn't looked at.
    init(
        _ section: ConfigurationSection, queues: JobQueues, screening: Configuration.Screening
    ) {
        let model = section.slug("model")
        let partials = FeatureTemplates.partials(section.section("partials"))
        let own = section.section("features")
        var features: [FeatureSlug: FeatureTemplate] = [:]
        for name in own.names {
            let feature = own.section(name)
            guard let slug = FeatureSlug(name, limit: 64) else {
                own.mistake(name, feature.source, ConfigurationSection.slugRule(64))
                continue
            }
            let policy = screening.features[slug] ?? screening.standard
            let reader = TemplateReading(
                section: feature, partials: partials, queues: queues,
                screensSystem: policy.injection == .off || policy.injectionCoversSystemPrompt)
            features[slug] = reader.template(over: FeatureTemplate.builtIn[slug])
        }
        self.init(features, partials: partials, model: model)
    }

    private static func partials(_ section: ConfigurationSection) -> [String: Template] {
        var partials: [String: Template] = [:]
        for name in section.names {
            let text = section.optionalText(name, limit: TemplateReading.textLimit)
            guard TemplateName(name) != nil, name != "." else {
                section.mistake(
                    name, nil, "must be letters, digits, _ and -, in parts joined by points")
                continue
            }
            guard let text else { continue }
            do throws(TemplateDefect) {
                partials[name] = try Template(text)
            } catch {
                section.mistake(name, nil, error.description)
            }
        }
        for (name, partial) in partials.sorted(by: { $0.key < $1.key }) {
            for unknown in partial.partialNames where partials[unknown] == nil {
                section.mistake(name, nil, TemplateReading.unknown(unknown, partials))
            }
        }
        return partials
    }

    /// With everything that is in force.
    var listed: JSON {
        let partials = partials.sorted { $0.key < $1.key }.map { name, partial in
            JSONObject.Member(name: name, value: .string(partial.text))
        }
        let features = features.sorted { $0.key.description < $1.key.description }
        return [
            "model": model.map { .string($0.description) } ?? .null,
            "partials": .object(JSONObject(partials)),
            "features": .object(
                JSONObject(
                    features.map { .init(name: $0.key.description, value: $0.value.listed) })),
        ]
    }
}

/// Reads one feature's template.
private struct TemplateReading {
    let section: ConfigurationSection
    let partials: [String: Template]
    let queues: JobQueues
    /// Whether parameters in a system prompt are screened as those in a user's text are.
    let screensSystem: Bool

    static let textLimit = 64 << 10

    /// Nil where it is mistaken.
    func template(over base: FeatureTemplate?) -> FeatureTemplate? {
        // Everything is read before anything is given up, so that every mistake is found.
        let user = text("user")
        let system = text("system")
        let result = section.section("result")
        let format = result.choice("format", default: base?.format ?? .markdown)
        let title = text("title", in: result)
        let fields = fieldsName(in: result, format)
        let tokens = section.integer(
            "max_tokens", in: 1...1_000_000, default: Int(base?.maxTokens ?? 0))
        let required = names("required")
        let queue = queue()
        let each = section.optionalText("each", limit: 256).flatMap { name("each", $0, section) }
        let mostItems = section.integer(
            "max_items", in: 1...FeatureTemplate.Limits.items,
            default: base?.mostItems ?? FeatureTemplate.Limits.standardItems)
        let model = section.slug("model")
        if section.contains("max_items"), each == nil, base?.each == nil,
            !section.contains("each")
        {
            section.mistake("max_items", nil, "has no effect without each")
        }
        let isMissing = !section.contains("user") && !section.contains("user_file")
        guard let text = user ?? (isMissing ? base?.user : nil) else {
            if isMissing {
                section.mistake(
                    "user", nil, "is missing: the prompt, as a Mustache text, or user_file")
            }
            return nil
        }
        var template = base ?? FeatureTemplate(user: text)
        template.user = text
        template.system = system ?? template.system
        template.title = title ?? template.title
        template.format = format
        template.requiredFieldsFrom =
            format == .json ? fields ?? template.requiredFieldsFrom : nil
        template.maxTokens = tokens > 0 ? Int64(tokens) : nil
        template.model = model ?? template.model
        if section.contains("required") { template.required = required }
        template.queue = queue ?? template.queue
        template.each = each ?? template.each
        template.mostItems = mostItems
        warnAboutSystem(system)
        return template
    }

    /// The text under a name, or in the file that the name and `_file` say.
    private func text(_ name: String) -> Template? {
        let text = section.optionalText(name, limit: TemplateReading.textLimit)
        let path = section.optionalText("\(name)_file")
        guard let path else { return text.flatMap { read(name, $0, section) } }
        guard text == nil else {
            section.mistake("\(name)_file", nil, "has no place beside \(name)")
            return nil
        }
        do {
            let found = try SmallFile.text(path, limit: Template.Limits.bytes)
            return read("\(name)_file", found, section, in: path)
        } catch {
            section.mistake("\(name)_file", nil, error.description)
            return nil
        }
    }

    private func text(_ name: String, in section: ConfigurationSection) -> Template? {
        section.optionalText(name, limit: TemplateReading.textLimit).flatMap {
            read(name, $0, section)
        }
    }

    private func read(
        _ name: String, _ text: String, _ section: ConfigurationSection, in path: String? = nil
    ) -> Template? {
        do throws(TemplateDefect) {
            let template = try Template(text)
            for unknown in template.partialNames where partials[unknown] == nil {
                section.mistake(name, nil, TemplateReading.unknown(unknown, partials))
            }
            return template
        } catch {
            section.mistake(name, nil, path.map { "\($0): \(error)" } ?? error.description)
            return nil
        }
    }

    static func unknown(_ name: String, _ partials: [String: Template]) -> String {
        let hint = NearMiss.hint(name, among: partials.keys.sorted())
        return "{{>\(name)}} is not under templates.partials\(hint)"
    }

    private func names(_ key: String) -> [TemplateName] {
        section.list(key).enumerated().compactMap { index, scalar in
            name("\(key)[\(index)]", scalar.text, section)
        }
    }

    private func fieldsName(
        in result: ConfigurationSection, _ format: ReportForm.Format
    ) -> TemplateName? {
        let key = "required_fields_from"
        guard let text = result.optionalText(key, limit: 256) else { return nil }
        if format != .json { result.mistake(key, nil, "needs the format json") }
        return name(key, text, result)
    }

    private func name(
        _ key: String, _ text: String, _ section: ConfigurationSection
    ) -> TemplateName? {
        if let name = TemplateName(text), text != "." { return name }
        section.mistake(
            key, nil, "must be a parameter's name: letters, digits, _ and -, joined by points")
        return nil
    }

    private func queue() -> QueueName? {
        guard let queue = section.slug("queue", limit: QueueName.queueLimit) else { return nil }
        if queues[queue] == nil {
            let hint = NearMiss.hint(queue.description, among: queues.names.map(\.description))
            section.mistake("queue", nil, "\(queue) is not under queues\(hint)")
        }
        return queue
    }

    private func warnAboutSystem(_ system: Template?) {
        guard let system, !screensSystem else { return }
        let uses = system.usesValues || system.partialNames.contains { usesValues($0, depth: 0) }
        guard uses else { return }
        section.warn(
            section.contains("system") ? "system" : "system_file",
            "prints parameters, which injection screening passes over in system prompts: put them "
                + "into user, or set injection_covers_system_prompt for the feature")
    }

    private func usesValues(_ partial: String, depth: Int) -> Bool {
        guard depth < 8, let template = partials[partial] else { return false }
        return template.usesValues
            || template.partialNames.contains { usesValues($0, depth: depth + 1) }
    }
}

extension FeatureTemplate {
    fileprivate var listed: JSON {
        var members: [JSONObject.Member] = []
        func add(_ name: String, _ value: JSON?) {
            if let value { members.append(.init(name: name, value: value)) }
        }
        add("system", system.map { .string($0.text) })
        add("user", .string(user.text))
        add("model", model.map { .string($0.description) })
        add("max_tokens", maxTokens.map { JSON($0) })
        add("required", .array(required.map { .string($0.description) }))
        add("queue", .string(queue.description))
        add("each", each.map { .string($0.description) })
        add("max_items", each == nil ? nil : JSON(mostItems))
        var result: [JSONObject.Member] = [
            .init(name: "format", value: .string(format.rawValue))
        ]
        if let title { result.append(.init(name: "title", value: .string(title.text))) }
        if let fields = requiredFieldsFrom {
            result.append(
                .init(name: "required_fields_from", value: .string(fields.description)))
        }
        add("result", .object(JSONObject(result)))
        return .object(JSONObject(members))
    }
}
