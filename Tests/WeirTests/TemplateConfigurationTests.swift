import Foundation
import Testing
import WeirCore
import WeirService

@testable import weir

@Suite("Reading the templates of features")
struct TemplateConfigurationTests {
    private func read(_ yaml: String) throws -> ConfigurationReading {
        let base = "providers: { openai: { api_key: '${KEY}' } }\n"
        return try Configuration.read(yaml: base + yaml, environment: ["KEY": "sk"])
    }

    private func mistakes(_ yaml: String) throws -> [String] {
        let error = #expect(throws: ConfigurationError.self) { try read(yaml) }
        return error?.mistakes.map(\.description) ?? []
    }

    private func slug(_ text: String) throws -> Slug { try #require(Slug(text)) }

    @Test("Three are there without a word, with the first model of all")
    func standard() throws {
        let templates = try read("models: { fast: { provider: openai }, b: { provider: openai } }")
            .configuration.templatesInForce
        #expect(
            templates.features.keys.map(\.description).sorted() == [
                "batch-analysis", "document-extraction", "report-generation",
            ])
        #expect(templates.model == (try slug("fast")))
        #expect(try read("").configuration.templatesInForce.model == nil)
    }

    private let everyKey = """
        queues: { night: {} }
        templates:
          model: fast
          partials:
            style: "In the style of {{house}}, $${plain}."
          features:
            weekly:
              system: Be brief.
              user: |
                {{#rows}}
                - {{name}}
                {{/rows}}
                {{> style}}
              model: smart
              max_tokens: 2000
              required: [rows, house.name]
              queue: night
              each: rows
              max_items: 7
              result: { format: json, title: "Week {{week}}", required_fields_from: form.fields }
        """

    @Test("Every key of a template is read, and listed as it was read")
    func everything() throws {
        let reading = try read(everyKey)
        let templates = reading.configuration.templates
        let weekly = try #require(templates.features[try slug("weekly")])
        #expect(weekly.system?.text == "Be brief.")
        #expect(weekly.user.text.hasPrefix("{{#rows}}\n- {{name}}\n"))
        #expect(weekly.model == (try slug("smart")) && weekly.maxTokens == 2_000)
        #expect(weekly.required.map(\.description) == ["rows", "house.name"])
        #expect(weekly.queue.description == "night")
        #expect(weekly.each?.description == "rows" && weekly.mostItems == 7)
        #expect(weekly.format == .json && weekly.title?.text == "Week {{week}}")
        #expect(weekly.requiredFieldsFrom?.description == "form.fields")
        #expect(templates.model == (try slug("fast")))
        #expect(reading.warnings.isEmpty)
        let listing = reading.configuration.listing
        let again = try Configuration.read(yaml: listing, environment: [:]).configuration
        #expect(again.templates == templates)
    }

    @Test("A built-in one is replaced in parts")
    func overlay() throws {
        let yaml = "templates: { features: { batch-analysis: { max_items: 3, model: m } } }"
        let templates = try read(yaml).configuration.templates
        let own = try #require(templates.features[try slug("batch-analysis")])
        let base = try #require(FeatureTemplate.builtIn[try slug("batch-analysis")])
        #expect(own.mostItems == 3 && own.model?.description == "m")
        #expect(own.user == base.user && own.system == base.system && own.each == base.each)
    }

    @Test("A built-in one that answers in Markdown asks for no members any more")
    func members() throws {
        func fields(_ result: String) throws -> String? {
            let yaml = "templates: { features: { document-extraction: { result: \(result) } } }"
            let templates = try read(yaml).configuration.templates
            return templates.features[try slug("document-extraction")]?.requiredFieldsFrom?
                .description
        }
        #expect(try fields("{ title: Data }") == "fields")
        #expect(try fields("{ required_fields_from: names }") == "names")
        #expect(try fields("{ format: markdown }") == nil)
    }

    @Test("Prompts may be in files")
    func files() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let good = folder.appending(path: "good.mustache").path
        let bad = folder.appending(path: "bad.mustache").path
        try Data("Hello {{a}} ${x}\n".utf8).write(to: URL(filePath: good))
        try Data("one\n{{#a}}\n".utf8).write(to: URL(filePath: bad))
        let templates = try read("templates: { features: { x: { user_file: '\(good)' } } }")
            .configuration.templates
        #expect(templates.features[try slug("x")]?.user.text == "Hello {{a}} ${x}\n")
        #expect(
            try mistakes("templates: { features: { x: { user_file: '\(bad)' } } }") == [
                "templates.features.x.user_file: \(bad): the section a is never closed "
                    + "(line 2 of the template) (line 2)"
            ])
        let missing = folder.appending(path: "none").path
        #expect(
            try mistakes("templates: { features: { x: { user_file: '\(missing)' } } }")[0]
                .contains("there is no such file"))
    }

    @Test(
        "A mistake is told with its path",
        arguments: [
            ("features: { x: { system: a } }", "features.x.user: is missing"),
            ("features: { x: { user: '{{a' } }", "features.x.user: the tag that begins here"),
            ("features: { x: { user: a, user_file: b } }", "features.x.user_file: has no place"),
            ("features: { x: { user: '{{> styl}}' } }", "did you mean style?"),
            ("features: { x: { user: a, result: { title: '{{}}' } } }", "x.result.title: the tag"),
            ("features: { x: { user: a, result: { format: html } } }", "must be one of markdown"),
            (
                "features: { x: { user: a, result: { required_fields_from: b } } }",
                "x.result.required_fields_from: needs the format json"
            ),
            (
                "features: { x: { user: a, result: { format: json, required_fields_from: '' } } }",
                "x.result.required_fields_from: must be a text"
            ),
            ("features: { x: { user: a, required: ['a b'] } }", "x.required[0]: must be a param"),
            ("features: { x: { user: a, each: . } }", "features.x.each: must be a parameter's"),
            ("features: { x: { user: a, max_items: 5 } }", "max_items: has no effect without"),
            ("features: { x: { user: a, queue: defalt } }", "did you mean default?"),
            ("features: { 'x y': { user: a } }", "features.x y: must be 1 to 64 letters"),
            ("features: { x: { user: a, max_tokens: 0 } }", "must be within 1 and"),
            ("features: { x: { user: a, modle: b } }", "did you mean model?"),
            ("partials: { '': a }", "must be letters"),
            ("partials: { a: '{{/b}}' }", "partials.a: {{/b}} closes nothing"),
            ("partials: { a: '{{>b}}' }", "partials.a: {{>b}} is not under"),
        ])
    func mistake(yaml: String, expected: String) throws {
        let base = "partials: { style: s }, "
        let all = yaml.hasPrefix("partials") ? yaml : base + yaml
        let found = try mistakes("templates: { \(all) }")
        #expect(found.contains { $0.contains(expected) }, "\(found)")
    }

    @Test("Parameters in a system prompt are warned about, unless they are screened there")
    func system() throws {
        let own = "templates: { partials: { p: '{{a}}' }, features: { x: { user: u, system: "
        for system in ["'{{a}}'", "'{{#a}}b{{/a}}'", "'{{>p}}'"] {
            let warnings = try read("\(own)\(system) } } }").warnings
            #expect(warnings.map(\.path) == ["templates.features.x.system"])
        }
        #expect(try read("\(own)plain } } }").warnings.isEmpty)
        for policy in ["injection: off", "injection_covers_system_prompt: true"] {
            let screened = "screening: { features: { x: { \(policy) } } }\n"
            #expect(try read("\(screened)\(own)'{{a}}' } } }").warnings.isEmpty)
        }
    }
}
