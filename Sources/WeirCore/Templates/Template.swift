/// A Mustache template, as https://mustache.github.io/mustache.5.html describes them: read once,
/// rendered often.
///
/// There are variables, dotted names, the implicit iterator, sections, inverted sections, comments,
/// partials and other delimiters; a line that holds nothing but a tag which prints nothing leaves
/// no line. Lambdas, inheritance and dynamic names are refused: values are plain data.
///
/// What is missing is printed as nothing, as Mustache wants it; whoever needs a value asks
/// `value(of:in:)` first.
package struct Template: Sendable, Equatable {
    /// As it was read.
    package let text: String
    let nodes: [TemplateNode]

    /// Bounds of a template's own text.
    package enum Limits {
        package static let bytes = 256 << 10
        package static let nodes = 10_000
        /// Sections in sections.
        package static let depth = 32
    }

    package init(_ text: String) throws(TemplateDefect) {
        var reader = TemplateReader(Array(text.utf8))
        nodes = try reader.read()
        self.text = text
    }
}

/// Why a text is no template.
package struct TemplateDefect: Error, Sendable, Equatable, CustomStringConvertible {
    /// Counted from 1.
    package let line: Int
    package let reason: String

    package var description: String { "\(reason) (line \(line) of the template)" }
}

/// A piece of a template.
indirect enum TemplateNode: Sendable, Equatable {
    case text([UInt8])
    case value(TemplateName, isEscaped: Bool)
    /// - Parameter isInverted: printed where there is nothing, in the place of where there is.
    case section(TemplateName, isInverted: Bool, [TemplateNode])
    /// - Parameter indent: stands before each line of it.
    case partial(String, indent: [UInt8])
}

/// A name with its parts, `customer.name`; without any where it is `.`, the value at hand.
package struct TemplateName: Sendable, Hashable, CustomStringConvertible {
    let parts: [String]

    package var description: String { parts.isEmpty ? "." : parts.joined(separator: ".") }

    /// Letters, digits, `_` and `-`, in parts that points join; letters of any script.
    package init?(_ text: String) { self.init(Array(text.utf8)[...]) }

    init?(_ bytes: ArraySlice<UInt8>) {
        let point = UInt8(ascii: ".")
        guard !bytes.elementsEqual([point]) else {
            parts = []
            return
        }
        let pieces = bytes.split(separator: point, omittingEmptySubsequences: false)
        guard bytes.count <= 256, pieces.allSatisfy({ !$0.isEmpty && $0.allSatisfy(isNameByte) })
        else { return nil }
        parts = pieces.map { String(decoding: $0, as: UTF8.self) }
    }
}

extension Template {
    /// Whether it prints anything but its own text and that of its partials.
    package var usesValues: Bool {
        nodes.contains { node in
            switch node {
            case .text, .partial: false
            case .value, .section: true
            }
        }
    }

    /// The partials that it names, each once, in order.
    package var partialNames: [String] {
        var names: [String] = []
        func gather(_ nodes: [TemplateNode]) {
            for node in nodes {
                switch node {
                case .text, .value: continue
                case .section(_, _, let inner): gather(inner)
                case .partial(let name, _): if !names.contains(name) { names.append(name) }
                }
            }
        }
        gather(nodes)
        return names
    }
}

private func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), 0x80...:
        true
    default: false
    }
}
