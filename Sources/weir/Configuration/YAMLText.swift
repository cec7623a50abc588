import WeirCore

/// Writes values as YAML that reads back as the same values. A null or an empty mapping is left
/// out: a configuration gives such a key no value either.
enum YAMLText {
    static func write(_ json: JSON, indent: Int, into lines: inout [String]) {
        let blanks = String(repeating: " ", count: indent)
        for member in json.object?.members ?? [] {
            let name = quoted(member.name)
            switch member.value {
            case .null: continue
            case .object(let object):
                var inner: [String] = []
                write(.object(object), indent: indent + 2, into: &inner)
                guard !inner.isEmpty else { continue }
                lines.append("\(blanks)\(name):")
                lines += inner
            case .array(let elements):
                let list = elements.map(inline).joined(separator: ", ")
                lines.append("\(blanks)\(name): [\(list)]")
            case .bool, .number, .string:
                lines.append("\(blanks)\(name): \(scalar(member.value))")
            }
        }
    }

    /// An element of a list, on one line.
    private static func inline(_ json: JSON) -> String {
        guard let object = json.object else { return scalar(json) }
        let members = object.members.map { "\(quoted($0.name)): \(inline($0.value))" }
        return "{ \(members.joined(separator: ", ")) }"
    }

    private static func scalar(_ json: JSON) -> String {
        json.string.map(quoted) ?? json.text
    }

    /// Plain where every reader takes it for a text; else in JSON's quotes, which YAML shares.
    private static func quoted(_ text: String) -> String {
        let words = ["true", "false", "null", "yes", "no", "on", "y", "n", "off", "~"]
        let isWord = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
                UInt8(ascii: "."), UInt8(ascii: "/"):
                true
            default: false
            }
        }
        let isLetterFirst = text.unicodeScalars.first?.properties.isAlphabetic ?? false
        let isDuration = Duration(configured: text) != nil || ByteSize.parse(text) != nil
        // Here `off` is a word like any other, and times and sizes are texts.
        if isWord, text == "off" || isDuration { return text }
        if isWord, isLetterFirst, !words.contains(text.lowercased()) { return text }
        // A literal ${ would be taken for a reference.
        return JSON.string(text).text.replacing("${", with: "$${")
    }
}
