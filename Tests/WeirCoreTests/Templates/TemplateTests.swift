import Testing
import WeirCore

/// What Mustache's specification says, in cases of our own.
@Suite struct TemplateTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let what: String
        let template: String
        var values = "{}"
        var partials: [String: String] = [:]
        let expected: String

        var testDescription: String { what }
    }

    @Test(arguments: values + sections + lines + delimiters + partials)
    func `a template prints what Mustache prints`(_ one: Case) throws {
        #expect(try render(one) == one.expected)
    }

    private func render(_ one: Case) throws -> String {
        let values = try JSONParser.parse(Array(one.values.utf8), .request)
        let partials = try one.partials.mapValues { try Template($0) }
        return try Template(one.template).render([values], partials: partials, escapesHTML: true)
    }

    static let values = [
        Case(what: "plain text", template: "a } b } { c\n", expected: "a } b } { c\n"),
        Case(
            what: "text", template: "Hi {{who}}!", values: #"{"who":"Ann"}"#, expected: "Hi Ann!"),
        Case(
            what: "blanks in it", template: "{{ \t\n a }}", values: #"{"a":"x"}"#, expected: "x"),
        Case(
            what: "HTML", template: "{{a}} {{{a}}} {{&a}} {{& a }}", values: #"{"a":"<\"'&>"}"#,
            expected: "&lt;&quot;&#39;&amp;&gt; <\"'&> <\"'&> <\"'&>"),
        Case(
            what: "numbers as they are written", template: "{{a}} {{b}} {{c}}",
            values: #"{"a":85,"b":1.210,"c":1e3}"#, expected: "85 1.210 1e3"),
        Case(
            what: "true, false and null", template: "{{t}},{{f}},{{n}}",
            values: #"{"t":true,"f":false,"n":null}"#, expected: "true,false,"),
        Case(
            what: "lists and objects as JSON", template: "{{{a}}} {{{o}}}",
            values: #"{"a":[1,"b"],"o":{"c":null}}"#, expected: #"[1,"b"] {"c":null}"#),
        Case(what: "nothing for a missing one", template: "a{{b}}c{{d.e}}", expected: "ac"),
        Case(
            what: "a dotted name", template: "{{a.b.c}}", values: #"{"a":{"b":{"c":"x"}}}"#,
            expected: "x"),
        Case(
            what: "nothing where a dotted name breaks", template: "({{a.b.c}})",
            values: #"{"a":{"d":1},"b":{"c":"wrong"},"c":"wrong"}"#, expected: "()"),
        Case(
            what: "a dotted name's first part decides", template: "{{#a}}({{b.c}}){{/a}}",
            values: #"{"a":{"b":{}},"b":{"c":"wrong"}}"#, expected: "()"),
        Case(what: "the value itself", template: "{{.}}", values: "\"<\"", expected: "&lt;"),
        Case(
            what: "letters of any script", template: "{{größe}} {{名前}}",
            values: #"{"größe":1,"名前":"x"}"#, expected: "1 x"),
        Case(
            what: "names are bytes", template: "{{caf\u{E9}}}",
            values: "{\"cafe\u{301}\":\"x\"}", expected: ""),
    ]

    static let sections = [
        Case(
            what: "a section of true", template: "{{#a}}yes{{/a}}", values: #"{"a":true}"#,
            expected: "yes"),
        Case(
            what: "no section of what is nothing",
            template: "{{#a}}a{{/a}}{{#b}}b{{/b}}{{#c}}c{{/c}}{{#d}}d{{/d}}{{#e}}e{{/e}}",
            values: #"{"a":false,"b":null,"c":[],"d":""}"#, expected: ""),
        Case(
            what: "a section of zero and of an empty object",
            template: "{{#a}}0{{/a}}{{#b}}{}{{/b}}",
            values: #"{"a":0,"b":{}}"#, expected: "0{}"),
        Case(
            what: "an inverted section", template: "{{^a}}none{{/a}}{{^b}}one{{/b}}",
            values: #"{"b":"x"}"#, expected: "none"),
        Case(
            what: "an object's own names", template: "{{#a}}{{b}} {{c}}{{/a}}",
            values: #"{"a":{"b":"in"},"b":"out","c":"over"}"#, expected: "in over"),
        Case(
            what: "each element of a list", template: "{{#a}}{{n}};{{/a}}",
            values: #"{"a":[{"n":1},{"n":2},{}],"n":"o"}"#, expected: "1;2;o;"),
        Case(
            what: "elements by the point", template: "{{#a}}({{.}}){{/a}}",
            values: #"{"a":[1,"<",false]}"#, expected: "(1)(&lt;)(false)"),
        Case(
            what: "lists in lists", template: "{{#.}}({{#.}}{{.}}{{/.}}){{/.}}",
            values: "[[1,2],[3]]", expected: "(12)(3)"),
        Case(
            what: "a dotted section", template: "{{#a.b}}x{{/a.b}}{{^a.c}}y{{/a.c}}",
            values: #"{"a":{"b":true}}"#, expected: "xy"),
        Case(
            what: "sections of one name in each other", template: "{{#a}}1{{#a}}2{{/a}}3{{/a}}",
            values: #"{"a":true}"#, expected: "123"),
        Case(
            what: "a text as section", template: "{{#a}}{{.}}!{{/a}}", values: #"{"a":"x"}"#,
            expected: "x!"),
    ]

    static let lines = [
        Case(
            what: "lines of tags alone leave no line", template: "1\n{{#a}}\n2\n{{/a}}\n3\n",
            values: #"{"a":true}"#, expected: "1\n2\n3\n"),
        Case(
            what: "also indented ones", template: "1\n  {{#a}}\t\n2\n\t{{/a}} \n3",
            values: #"{"a":true}"#, expected: "1\n2\n3"),
        Case(
            what: "with carriage returns", template: "1\r\n{{#a}}\r\n2\r\n{{/a}}\r\n3",
            values: #"{"a":true}"#, expected: "1\r\n2\r\n3"),
        Case(
            what: "at the start and the end", template: "  {{#a}}\n1\n  {{/a}}",
            values: #"{"a":true}"#, expected: "1\n"),
        Case(
            what: "an inverted section", template: "1\n{{^a}}\n2\n{{/a}}\n3", expected: "1\n2\n3"),
        Case(
            what: "two tags on a line leave it", template: "1\n{{#a}}{{/a}}\n2",
            values: #"{"a":true}"#, expected: "1\n\n2"),
        Case(
            what: "a value on its line stays", template: "1\n  {{a}}\n2", values: #"{"a":"x"}"#,
            expected: "1\n  x\n2"),
        Case(
            what: "a section within a line", template: " | {{#a}}\t|\t{{/a}} | \n",
            values: #"{"a":true}"#, expected: " | \t|\t | \n"),
        Case(what: "a comment", template: "1{{! no }}2", expected: "12"),
        Case(what: "a comment of lines", template: "1\n  {{! a\n b\n}}\n2", expected: "1\n2"),
        Case(what: "a comment in a line", template: "1 {{! a }}\n2", expected: "1 \n2"),
        Case(what: "nothing but a comment", template: "{{!}}", expected: ""),
    ]

    static let delimiters = [
        Case(
            what: "other delimiters", template: "{{=<% %>=}}<% a %>{{a}}", values: #"{"a":"x"}"#,
            expected: "x{{a}}"),
        Case(
            what: "and back", template: "{{= | | =}}|a||={{ }}=|{{a}}", values: #"{"a":"x"}"#,
            expected: "xx"),
        Case(
            what: "on a line of their own", template: "1\n {{=@ @=}}\n@a@\n", values: #"{"a":"x"}"#,
            expected: "1\nx\n"),
        Case(
            what: "in a section they stay", template: "{{#a}}{{=| |=}}|#a|x|/a||/a||#a|y|/a|",
            values: #"{"a":true}"#, expected: "xy"),
        Case(
            what: "unescaped", template: "{{=| |=}}|&a|", values: #"{"a":"<"}"#, expected: "<"),
        Case(
            what: "a partial has its own", template: "{{=| |=}}|>p|", values: #"{"a":"x"}"#,
            partials: ["p": "{{a}}|a|"], expected: "x|a|"),
    ]

    static let partials = [
        Case(
            what: "a partial sees what is around it", template: "{{#a}}{{>p}}{{/a}}",
            values: #"{"a":[1,2]}"#, partials: ["p": "<{{.}}>"], expected: "<1><2>"),
        Case(what: "a missing partial is nothing", template: "({{>p}})", expected: "()"),
        Case(
            what: "a partial in itself", template: "{{>p}}",
            values: #"{"n":1,"c":[{"n":2,"c":[]}]}"#,
            partials: ["p": "{{n}}({{#c}}{{>p}}{{/c}})"], expected: "1(2())"),
        Case(
            what: "a partial within a line", template: "a {{> p }} b\n", partials: ["p": "\t|\n"],
            expected: "a \t|\n b\n"),
        Case(
            what: "a partial on its line is indented", template: "a\n  {{>p}}\nb\n",
            partials: ["p": "1\n\n2\n"], expected: "a\n  1\n\n  2\nb\n"),
        Case(
            what: "a partial without an end of line", template: "a\n  {{>p}}",
            partials: ["p": "1\n2"],
            expected: "a\n  1\n  2"),
        Case(
            what: "values are not indented", template: "-\n {{>p}}\n-\n", values: #"{"a":"x\ny"}"#,
            partials: ["p": "|\n{{{a}}}\n|\n"], expected: "-\n |\n x\ny\n |\n-\n"),
        Case(
            what: "indentations add up", template: " {{>p}}\n",
            partials: ["p": "1\n {{>q}}\n", "q": "2\n"],
            expected: " 1\n  2\n"),
    ]
}
