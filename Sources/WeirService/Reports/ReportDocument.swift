package import WeirCore

/// A report that is complete, in the forms in which it can be had.
package struct ReportDocument: Sendable, Equatable {
    package let id: JobID
    package let feature: FeatureSlug
    package let title: String
    package let completedAt: Timestamp?
    private let format: ReportForm.Format
    /// What the job has left: one envelope, or many in `results`.
    private let result: JSONObject

    init(_ record: JobRecord, form: ReportForm, result: [UInt8]) throws(WeirError) {
        let json: JSON
        do throws(JSONError) {
            json = try JSONParser.parse(result, ReportDocument.bounds)
        } catch {
            throw WeirError(.internalError, "The report's result can't be read: \(error.reason)")
        }
        guard case .object(let object) = json else {
            throw WeirError(.internalError, "The report's result is \(json.kind)")
        }
        id = record.job.id
        feature = record.feature
        title = form.title
        completedAt = record.job.endedAt
        format = form.format
        self.result = object
    }

    /// It was written by this program, answers included as texts.
    private static let bounds = JSONParser.Limits(depth: 80, values: 2_000_000, isStrict: false)
}

extension ReportDocument {
    /// The result, under the report's own name. Where the feature asks for JSON, an answer is the
    /// object itself and not its text, unless the model wrote something else.
    package var json: [UInt8] {
        var members = JSONObject([
            .init(name: "report_id", value: .string(id.description)),
            .init(name: "feature_slug", value: .string(feature.description)),
            .init(name: "title", value: .string(title)),
            .init(
                name: "completed_at", value: completedAt.map { .string($0.rfc3339) } ?? .null),
        ])
        for member in result.members {
            switch (member.name, member.value) {
            case ("results", .array(let answers)):
                members.append("results", .array(answers.map(read)))
            default: members.append(member.name, member.value)
            }
        }
        return read(.object(members)).encoded
    }

    package var markdown: [UInt8] {
        var text = "# \(title.markdownLine)\n"
        if case .array(let answers)? = result["results"] {
            for (index, answer) in answers.enumerated() {
                text += "\n## \(index + 1)\n\n\(shown(answer))\n"
            }
        } else {
            text += "\n\(shown(.object(result)))\n"
        }
        return Array(text.utf8)
    }

    /// What its page may do, as a Content-Security-Policy: nothing but look as it does.
    package static var policy: String { ReportPage.policy }

    /// A page that asks nothing of the network.
    package var html: [UInt8] {
        var body: [UInt8] = []
        if case .array(let answers)? = result["results"] {
            for (index, answer) in answers.enumerated() {
                body += Array("<h2>\(index + 1)</h2>\n".utf8)
                body += Markdown.html(shown(answer))
            }
        } else {
            body += Markdown.html(shown(.object(result)))
        }
        return ReportPage.html(title: title, body: body)
    }

    /// ASCII, without anything that means something to a shell, a header or a file system.
    package func fileName(_ ending: String) -> String {
        var name: [UInt8] = []
        for byte in title.utf8.prefix(60) {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                name.append(byte)
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): name.append(byte | 0x20)
            default:
                if let last = name.last, last != UInt8(ascii: "-") {
                    name.append(UInt8(ascii: "-"))
                }
            }
        }
        while name.last == UInt8(ascii: "-") { name.removeLast() }
        let start = name.isEmpty ? "report" : String(decoding: name, as: UTF8.self)
        // An id's own alphabet has slashes and colons, though none of ours uses them.
        let end = id.description.utf8.filter { isPlain($0) }
        return "\(start)-\(String(decoding: end, as: UTF8.self)).\(ending)"
    }

    private func isPlain(_ byte: UInt8) -> Bool {
        byte.isLetterOrDigit || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
    }

    /// An answer with the object in the place of its text.
    private func read(_ answer: JSON) -> JSON {
        guard format == .json, case .object(var members) = answer,
            let content = members["content"]?.string,
            // A text that is no object is left as the text that it is.
            let object = try? JSONAnswer(content)
        else { return answer }
        members.set("content", object.value)
        return .object(members)
    }

    /// An answer in Markdown.
    private func shown(_ answer: JSON) -> String {
        guard let content = answer["content"]?.string else {
            let reason = answer["message"]?.string ?? "There is no answer."
            return "*\(reason.markdownLine)*"
        }
        guard format == .json else { return content }
        // As in `read`.
        guard let object = try? JSONAnswer(content) else { return fenced(content, "") }
        return fenced(object.value.indented, "json")
    }

    /// Between fences that the text doesn't have.
    private func fenced(_ text: String, _ language: String) -> String {
        var longest = 2
        var run = 0
        for byte in text.utf8 {
            run = byte == UInt8(ascii: "`") ? run + 1 : 0
            longest = max(longest, run)
        }
        let fence = String(repeating: "`", count: longest + 1)
        return "\(fence)\(language)\n\(text)\n\(fence)"
    }
}

extension String {
    /// As text of one line in which no sign means anything to Markdown.
    fileprivate var markdownLine: String {
        var line: [UInt8] = []
        for byte in utf8 {
            switch byte {
            case 0x0A, 0x0D: line.append(0x20)
            case UInt8(ascii: "\\"), UInt8(ascii: "`"), UInt8(ascii: "*"), UInt8(ascii: "_"),
                UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "<"), UInt8(ascii: ">"),
                UInt8(ascii: "#"), UInt8(ascii: "|"), UInt8(ascii: "~"):
                line += [UInt8(ascii: "\\"), byte]
            default: line.append(byte)
            }
        }
        return String(decoding: line, as: UTF8.self)
    }
}

extension JSON {
    /// A member a line, for people to read.
    fileprivate var indented: String {
        var text = ""
        write(to: &text, indent: "")
        return text
    }

    private func write(to text: inout String, indent: String) {
        let inner = indent + "  "
        switch self {
        case .object(let object) where !object.members.isEmpty:
            text += "{"
            for (index, member) in object.members.enumerated() {
                text += "\(index == 0 ? "" : ",")\n\(inner)\(JSON.string(member.name).text): "
                member.value.write(to: &text, indent: inner)
            }
            text += "\n\(indent)}"
        case .array(let elements) where !elements.isEmpty:
            text += "["
            for (index, element) in elements.enumerated() {
                text += "\(index == 0 ? "" : ",")\n\(inner)"
                element.write(to: &text, indent: inner)
            }
            text += "\n\(indent)]"
        default: text += self.text
        }
    }
}
