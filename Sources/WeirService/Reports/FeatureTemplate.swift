package import WeirCore

/// How a feature makes prompts out of parameters, and what their answers are.
package struct FeatureTemplate: Sendable, Equatable {
    /// Nil where there is no system prompt.
    package var system: Template?
    package var user: Template
    /// Of the report; nil for `Report`.
    package var title: Template?
    /// Nil for the model of all templates.
    package var model: ModelName?
    /// Nil for what holds for any completion.
    package var maxTokens: Int64?
    /// Parameters that must be there, and not be empty.
    package var required: [TemplateName] = []
    /// Where its jobs wait, unless the caller says another one.
    package var queue = QueueName.reportQueue
    package var format = ReportForm.Format.markdown
    /// The parameter that lists the members which each answer, a JSON object, must have; nil where
    /// any answer will do. Where it isn't there, any object will.
    package var requiredFieldsFrom: TemplateName?
    /// The parameter that is a list: one call is made for each of its elements, which the templates
    /// know as `item`, beside its `number` and the `count` of all.
    package var each: TemplateName?
    /// Elements of that list.
    package var mostItems = Limits.standardItems

    package init(user: Template) { self.user = user }

    /// Bounds of parameters and of what is made of them.
    package enum Limits {
        /// Elements of the list that calls are made of.
        package static let items = 10_000
        /// The same where nothing else is said.
        package static let standardItems = 100
        /// Bytes of the parameters.
        static let parameters = 4 << 20
        static let depth = 16
        /// Bytes of one prompt; what a feature's screening allows may be less.
        static let prompt = 1 << 20
        /// Bytes of all prompts of a job.
        static let prompts = 32 << 20
        /// Of the rendering of all of them.
        static let steps = 2_000_000
        /// Bytes of a title.
        static let title = 200
        /// Members that an answer must have.
        static let fields = 1_000
        /// Bytes of the name of one.
        static let field = 256
    }
}

/// The templates of a process, by feature.
package struct FeatureTemplates: Sendable, Equatable {
    package let features: [FeatureSlug: FeatureTemplate]
    /// What templates may name by `{{>name}}`.
    package let partials: [String: Template]
    /// The model of templates that say none; nil where they have to.
    package var model: ModelName?

    /// - Parameter features: beside the built-in ones, or in their place.
    package init(
        _ features: [FeatureSlug: FeatureTemplate] = [:], partials: [String: Template] = [:],
        model: ModelName? = nil
    ) {
        self.features = FeatureTemplate.builtIn.merging(features) { $1 }
        self.partials = partials
        self.model = model
    }

    /// What a call of a model says.
    struct Prompt: Equatable {
        let system: String?
        let user: String
    }

    /// A report's calls and its form.
    struct Draft: Equatable {
        let template: FeatureTemplate
        let model: ModelName
        let prompts: [Prompt]
        let form: ReportForm
    }

    /// Throws `invalid_request` for parameters that the template can't work with.
    func draft(_ feature: FeatureSlug, _ parameters: JSON) throws(WeirError) -> Draft {
        guard let template = features[feature] else {
            throw WeirError(
                .invalidRequest, "There is no template of the feature \(feature)",
                param: "feature_slug")
        }
        guard let model = template.model ?? model else {
            throw WeirError(
                .invalidRequest, "The template of the feature \(feature) has no model",
                param: "feature_slug")
        }
        try check(parameters)
        for name in template.required where name.isAbsent(in: parameters) {
            throw WeirError(
                .invalidRequest, "params.\(name) is missing: the feature \(feature) needs it",
                param: "params.\(name)")
        }
        return Draft(
            template: template, model: model, prompts: try prompts(template, parameters),
            form: ReportForm(
                title: try title(template, parameters), format: template.format,
                requiredFields: try requiredFields(template, parameters)))
    }

    private func requiredFields(
        _ template: FeatureTemplate, _ parameters: JSON
    ) throws(WeirError) -> [String]? {
        guard let name = template.requiredFieldsFrom else { return nil }
        guard let list = name.value(in: [parameters]), list != .null else { return [] }
        let fields = list.array?.compactMap(\.string) ?? []
        guard fields.count == list.array?.count, fields.count <= FeatureTemplate.Limits.fields,
            fields.allSatisfy({ (1...FeatureTemplate.Limits.field).contains($0.utf8.count) })
        else {
            throw WeirError(
                .invalidRequest,
                "params.\(name) must be an array of up to \(FeatureTemplate.Limits.fields) names, "
                    + "each of 1 to \(FeatureTemplate.Limits.field) bytes",
                param: "params.\(name)")
        }
        return fields
    }

    private func check(_ parameters: JSON) throws(WeirError) {
        guard case .object = parameters else {
            throw WeirError(
                .invalidRequest, "params must be an object, not \(parameters.kind)",
                param: "params")
        }
        guard parameters.isNested(atMost: FeatureTemplate.Limits.depth) else {
            throw WeirError(
                .invalidRequest,
                "params are nested deeper than \(FeatureTemplate.Limits.depth)", param: "params")
        }
        guard parameters.plainBytes <= FeatureTemplate.Limits.parameters else {
            throw WeirError(.payloadTooLarge, "The params are too large", param: "params")
        }
    }

    private func prompts(
        _ template: FeatureTemplate, _ parameters: JSON
    ) throws(WeirError) -> [Prompt] {
        guard let each = template.each else {
            return [try prompt(template, [parameters], steps: FeatureTemplate.Limits.steps)]
        }
        guard let items = each.value(in: [parameters])?.array else {
            throw WeirError(
                .invalidRequest, "params.\(each) must be an array", param: "params.\(each)")
        }
        guard (1...template.mostItems).contains(items.count) else {
            throw WeirError(
                .invalidRequest,
                "params.\(each) must have 1 to \(template.mostItems) elements, not \(items.count)",
                param: "params.\(each)")
        }
        var prompts: [Prompt] = []
        var bytes = 0
        for (index, item) in items.enumerated() {
            let own: JSON = [
                "item": item, "number": JSON(index + 1), "count": JSON(items.count),
            ]
            let prompt = try prompt(
                template, [parameters, own],
                steps: max(2_000, FeatureTemplate.Limits.steps / items.count))
            bytes += prompt.user.utf8.count + (prompt.system?.utf8.count ?? 0)
            guard bytes <= FeatureTemplate.Limits.prompts else {
                throw WeirError(
                    .payloadTooLarge, "The prompts that these params make are too long together",
                    param: "params")
            }
            prompts.append(prompt)
        }
        return prompts
    }

    private func prompt(
        _ template: FeatureTemplate, _ values: [JSON], steps: Int
    ) throws(WeirError) -> Prompt {
        let user = try print(template.user, values, steps: steps)
        guard user.utf8.contains(where: { $0 > 0x20 }) else {
            throw WeirError(
                .invalidRequest, "These params make an empty prompt", param: "params")
        }
        var system: String?
        if let own = template.system {
            let text = try print(own, values, steps: steps)
            if !text.isEmpty { system = text }
        }
        return Prompt(system: system, user: user)
    }

    /// One line, cut where it is long.
    private func title(
        _ template: FeatureTemplate, _ parameters: JSON
    ) throws(WeirError) -> String {
        guard let own = template.title else { return "Report" }
        let text = try print(own, [parameters], steps: 10_000)
        var title = ""
        for scalar in text.unicodeScalars {
            let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
            let next: Unicode.Scalar = isControl ? " " : scalar
            if next == " ", title.isEmpty || title.utf8.last == 0x20 { continue }
            guard title.utf8.count + UTF8.width(next) <= FeatureTemplate.Limits.title else { break }
            title.unicodeScalars.append(next)
        }
        if title.utf8.last == 0x20 { title.unicodeScalars.removeLast() }
        return title.isEmpty ? "Report" : title
    }

    private func print(
        _ template: Template, _ values: [JSON], steps: Int
    ) throws(WeirError) -> String {
        var bounds = Template.Bounds()
        bounds.bytes = FeatureTemplate.Limits.prompt
        bounds.steps = steps
        do throws(Template.Overrun) {
            return try template.render(values, partials: partials, within: bounds)
        } catch {
            switch error {
            case .bytes:
                throw WeirError(
                    .payloadTooLarge,
                    "These params make a prompt of more than \(bounds.bytes) bytes",
                    param: "params")
            case .steps, .depth:
                throw WeirError(
                    .invalidRequest, "These params are too much for the feature's template",
                    param: "params")
            }
        }
    }
}

extension TemplateName {
    /// Whether it means nothing, or nothing that could be printed. False and zero are values.
    fileprivate func isAbsent(in parameters: JSON) -> Bool {
        guard let value = value(in: [parameters]) else { return true }
        return value.isNothing && value.bool == nil
    }
}

extension JSON {
    /// Whether arrays and objects lie in each other at most so deep.
    fileprivate func isNested(atMost depth: Int) -> Bool {
        switch self {
        case .null, .bool, .number, .string: true
        case .array(let elements):
            depth > 0 && elements.allSatisfy { $0.isNested(atMost: depth - 1) }
        case .object(let object):
            depth > 0 && object.members.allSatisfy { $0.value.isNested(atMost: depth - 1) }
        }
    }
}

extension UTF8 {
    fileprivate static func width(_ scalar: Unicode.Scalar) -> Int { encode(scalar)?.count ?? 3 }
}
