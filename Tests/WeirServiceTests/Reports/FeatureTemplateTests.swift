import Testing
import WeirCore

@testable import WeirService

@Suite struct FeatureTemplateTests {
    private func slug(_ text: String) throws -> Slug { try #require(Slug(text)) }

    private func templates(
        user: String, title: String? = nil, _ change: (inout FeatureTemplate) -> Void = { _ in }
    ) throws -> FeatureTemplates {
        var template = FeatureTemplate(user: try Template(user))
        template.title = try title.map { try Template($0) }
        change(&template)
        return FeatureTemplates(
            [try slug("x"): template], partials: ["p": try Template("<{{a}}>")],
            model: try slug("fast"))
    }

    private func draft(
        _ templates: FeatureTemplates, _ parameters: JSON
    ) throws(WeirError) -> FeatureTemplates.Draft {
        try templates.draft(Slug("x") ?? .defaultFeature, parameters)
    }

    @Test func `parameters become a prompt as they are, partials with them`() throws {
        let templates = try templates(user: "A {{a}} {{>p}}") {
            $0.system = try? Template("Be brief.")
            $0.format = .json
        }
        let draft = try draft(templates, ["a": "1 < 2"])
        #expect(draft.prompts == [.init(system: "Be brief.", user: "A 1 < 2 <1 < 2>")])
        #expect(draft.form == ReportForm(title: "Report", format: .json))
        #expect(draft.model.description == "fast")
    }

    @Test(
        arguments: [
            [:], ["a": .null], ["a": ""], ["a": .array([])], ["a": ["c": 1]], ["a": ["b": ""]],
        ] as [JSON])
    func `what is required must be there`(parameters: JSON) throws {
        let templates = try templates(user: "{{a.b}}!") {
            $0.required = [TemplateName("a.b")].compactMap { $0 }
        }
        let error = #expect(throws: WeirError.self) { try draft(templates, parameters) }
        #expect(error?.code == .invalidRequest && error?.param == "params.a.b")
        #expect(try draft(templates, ["a": ["b": false]]).prompts[0].user == "false!")
        #expect(try draft(templates, ["a": ["b": 0]]).prompts[0].user == "0!")
    }

    @Test(arguments: [
        ("Sales {{a}}", #"{"a":"  of\n\tMay  "}"#, "Sales of May"), ("{{b}}", "{}", "Report"),
        (" \n ", "{}", "Report"), ("{{a}}", #"{"a":"<b>\u0085x"}"#, "<b> x"),
    ])
    func `a title is one line`(title: String, parameters: String, expected: String) throws {
        let json = try JSONParser.parse(Array(parameters.utf8), .request)
        let draft = try draft(try templates(user: "x", title: title), json)
        #expect(draft.form.title == expected)
    }

    @Test func `a long title is cut between letters`() throws {
        let long = String(repeating: "é", count: 500)
        let title = try draft(try templates(user: "x", title: "{{a}}"), ["a": .string(long)])
            .form.title
        #expect(title == String(long.prefix(100)))
    }

    @Test func `a list makes a call for each element`() throws {
        let templates = try templates(user: "{{number}}/{{count}} {{ask}}: {{item.t}}{{item}}") {
            $0.each = TemplateName("list.all")
            $0.mostItems = 3
        }
        let parameters: JSON = ["ask": "Say", "list": ["all": [["t": "a"], "b", .null]]]
        #expect(
            try draft(templates, parameters).prompts.map(\.user) == [
                #"1/3 Say: a{"t":"a"}"#, "2/3 Say: b", "3/3 Say: ",
            ])
        for list: JSON in [[], ["a", "b", "c", "d"], "a", .null, ["all": 1]] {
            let error = #expect(throws: WeirError.self) {
                try draft(templates, ["ask": "Say", "list": ["all": list]])
            }
            #expect(error?.code == .invalidRequest && error?.param == "params.list.all")
        }
    }

    @Test func `too much is refused before it is made`() throws {
        func code(
            _ user: String, _ parameters: JSON, each: String? = nil
        ) throws -> WeirError.Code? {
            let templates = try templates(user: user) {
                $0.each = each.flatMap { TemplateName($0) }
                $0.mostItems = 10_000
            }
            return #expect(throws: WeirError.self) { try draft(templates, parameters) }?.code
        }
        let long = JSON.string(String(repeating: "x", count: 600_000))
        let list = JSON.array(Array(repeating: "y", count: 100))
        #expect(try code("{{a}}{{a}}", ["a": long]) == .payloadTooLarge)
        #expect(try code("{{a}}", ["a": long, "l": list], each: "l") == .payloadTooLarge)
        #expect(
            try code("{{#l}}{{#l}}{{#l}}{{#l}}{{/l}}{{/l}}{{/l}}{{/l}}x", ["l": list])
                == .invalidRequest)
        var deep: JSON = 1
        for _ in 0..<17 { deep = [deep] }
        #expect(try code("x", ["a": deep]) == .invalidRequest)
        let longer = JSON.string(String(repeating: "x", count: 5 << 20))
        #expect(try code("x", ["a": longer]) == .payloadTooLarge)
    }

    @Test(arguments: ["", " \n{{a}}", "{{#b}}x{{/b}}"])
    func `an empty prompt is refused`(user: String) throws {
        let error = #expect(throws: WeirError.self) { try draft(try templates(user: user), [:]) }
        #expect(error?.param == "params")
    }

    @Test(arguments: [.null, "a", .array([]), 1] as [JSON])
    func `parameters are an object`(parameters: JSON) throws {
        let error = #expect(throws: WeirError.self) {
            try draft(try templates(user: "x"), parameters)
        }
        #expect(error?.param == "params")
    }

    @Test func `a template that isn't there, or has no model, is told`() throws {
        let templates = FeatureTemplates()
        for feature in ["nothing", "report-generation"] {
            let error = #expect(throws: WeirError.self) {
                try templates.draft(try slug(feature), [:])
            }
            #expect(error?.param == "feature_slug")
        }
    }

    @Test func `a parameter can say which members an answer must have`() throws {
        let templates = try templates(user: "x") {
            $0.format = .json
            $0.requiredFieldsFrom = TemplateName("a.names")
        }
        func fields(_ names: JSON) throws(WeirError) -> [String]? {
            try draft(templates, ["a": ["names": names]]).form.requiredFields
        }
        #expect(try fields(["total", "No. (new)"]) == ["total", "No. (new)"])
        #expect(try fields([]) == [] && fields(.null) == [])
        #expect(try draft(templates, [:]).form.requiredFields == [])
        let long = JSON.string(String(repeating: "x", count: 257))
        let many = JSON.array(Array(repeating: "x", count: 1_001))
        for names: JSON in ["total", ["total", 1], [""], [long], many, ["a": "b"]] {
            let error = #expect(throws: WeirError.self) { try fields(names) }
            #expect(error?.code == .invalidRequest && error?.param == "params.a.names")
        }
    }

    @Test func `three templates are built in`() throws {
        let templates = FeatureTemplates(model: try slug("fast"))
        let report = try templates.draft(
            .reportGeneration, ["topic": "Sales", "figures": ["may": 12.5.asJSON]])
        #expect(report.form == ReportForm(title: "Sales"))
        #expect(report.prompts[0].user.contains("about this: Sales\n"))
        #expect(report.prompts[0].user.contains(#""figures":{"may":12.5}"#))
        let data = try templates.draft(
            try slug("document-extraction"), ["document": "Total: 5", "fields": ["total", "vat"]])
        #expect(data.form.format == .json && data.form.requiredFields == ["total", "vat"])
        #expect(data.prompts[0].user.contains("- total\n- vat\n"))
        #expect(data.prompts[0].user.hasSuffix("\nTotal: 5"))
        let batch = try templates.draft(
            try slug("batch-analysis"), ["instruction": "Sum up.", "inputs": ["one", "two"]])
        #expect(batch.prompts.map(\.user) == ["Sum up.\n\none", "Sum up.\n\ntwo"])
        #expect(batch.template.queue == .reportQueue)
    }
}

extension Double {
    fileprivate var asJSON: JSON { .number(String(self)) }
}
