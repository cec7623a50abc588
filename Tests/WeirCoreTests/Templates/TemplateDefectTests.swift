import Testing
import WeirCore

@Suite struct TemplateDefectTests {
    @Test(arguments: [
        ("a {{b", 1, "no end"), ("\n{{{b}}", 2, "no end"), ("{{=<% %>}}", 1, "no end"),
        ("\n\n{{#a}}\n", 3, "the section a is never closed"),
        ("{{^a}}{{#b.c}}{{/b.c}}", 1, "the section a is never closed"),
        ("x\n{{/a}}", 2, "{{/a}} closes nothing"),
        ("{{#a}}\n{{#b}}\n{{/a}}", 3, "{{/a}} closes the section b of line 2"),
        ("{{}}", 1, "empty"), ("{{# }}", 1, "empty"),
        ("{{! a\n\n}}{{#each items}}", 3, "\"each items\" is no name"),
        ("{{a b}}", 1, "is no name"), ("{{a..b}}", 1, "is no name"), ("{{.a}}", 1, "is no name"),
        ("{{a.}}", 1, "is no name"), ("{{a|b}}", 1, "is no name"), ("{{../a}}", 1, "is no name"),
        ("{{>.}}", 1, "a partial needs a name"), ("{{>*a}}", 1, "is no name"),
        ("{{<a}}{{/a}}", 1, "inheritance"), ("{{$a}}{{/a}}", 1, "inheritance"),
        ("{{=a=}}", 1, "new delimiters"), ("{{=a b c=}}", 1, "new delimiters"),
        ("{{== ==}}", 1, "new delimiters"),
    ])
    func `a mistake is told with its line`(text: String, line: Int, reason: String) {
        let defect = #expect(throws: TemplateDefect.self) { try Template(text) }
        #expect(defect?.line == line)
        #expect(defect?.reason.contains(reason) == true, "\(defect?.reason ?? "")")
    }

    @Test func `texts, tags and nesting have bounds`() throws {
        let text = String(repeating: "x", count: Template.Limits.bytes)
        _ = try Template(text)
        #expect(throws: TemplateDefect.self) { try Template(text + "x") }
        let tags = String(repeating: "{{a}}", count: Template.Limits.nodes)
        _ = try Template(tags)
        #expect(throws: TemplateDefect.self) { try Template(tags + "{{a}}") }
        _ = try Template(nested(Template.Limits.depth))
        #expect(throws: TemplateDefect.self) { try Template(nested(Template.Limits.depth + 1)) }
    }

    private func nested(_ depth: Int) -> String {
        String(repeating: "{{#a}}", count: depth) + String(repeating: "{{/a}}", count: depth)
    }

    @Test func `it knows whether it needs values, and its partials`() throws {
        #expect(try !Template("a {{! b }} {{>c}}").usesValues)
        #expect(try Template("{{a}}").usesValues)
        #expect(try Template("{{^a}}{{/a}}").usesValues)
        #expect(try Template("{{>b}}{{#x}}{{>a}}{{>b}}{{/x}}").partialNames == ["b", "a"])
    }

    @Test func `a name is found or not`() throws {
        let values: [JSON] = [["a": ["b": 1], "c": .null], ["c": "x"]]
        #expect(TemplateName("a.b")?.value(in: values) == 1)
        #expect(TemplateName("c")?.value(in: values) == "x")
        #expect(TemplateName("a.c")?.value(in: values) == nil)
        #expect(TemplateName("c.a")?.value(in: values) == nil)
        #expect(TemplateName("") == nil)
        #expect(TemplateName(String(repeating: "a", count: 257)) == nil)
    }
}

@Suite struct TemplateBoundsTests {
    private func run(
        _ text: String, _ values: JSON, partials: [String: String] = [:],
        bytes: Int = 1 << 20, steps: Int = 1_000_000
    ) throws -> String {
        var bounds = Template.Bounds()
        bounds.bytes = bytes
        bounds.steps = steps
        return try Template(text).render(
            [values], partials: try partials.mapValues { try Template($0) }, within: bounds)
    }

    @Test func `an output has a length`() throws {
        #expect(try run("{{a}}{{a}}", ["a": "12345"], bytes: 10) == "1234512345")
        #expect(throws: Template.Overrun.bytes) { try run("{{a}}{{a}}", ["a": "12345"], bytes: 9) }
    }

    @Test func `lists in lists in lists end`() {
        let list = JSON.array(Array(repeating: 1, count: 1_000))
        #expect(throws: Template.Overrun.steps) {
            try run("{{#a}}{{#a}}{{#a}}{{/a}}{{/a}}{{/a}}", ["a": list])
        }
    }

    @Test func `looking through a wide object is work`() {
        let wide = JSON.object(
            JSONObject((0..<10_000).map { .init(name: "name\($0)", value: 1) }))
        let values: JSON = ["wide": wide, "list": .array(Array(repeating: 1, count: 200))]
        #expect(throws: Template.Overrun.steps) {
            try run("{{#list}}{{wide.none}}{{/list}}", values)
        }
    }

    @Test func `a partial that never ends is given up`() {
        #expect(throws: Template.Overrun.depth) {
            try run("{{>a}}", [:], partials: ["a": "{{>a}}"])
        }
        #expect(throws: Template.Overrun.depth) {
            try run("{{>a}}", [:], partials: ["a": " {{>b}}", "b": "{{>a}}\n{{>a}}"])
        }
    }

    @Test func `the innermost of several values has its say, and nothing is escaped for a prompt`()
        throws
    {
        let template = try Template("{{a}} {{b}}")
        #expect(try template.render([["a": 1, "b": "<"], ["a": 2]]) == "2 <")
    }
}
