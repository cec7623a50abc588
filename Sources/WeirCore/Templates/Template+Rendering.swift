extension Template {
    /// What a rendering may take.
    package struct Bounds: Sendable, Equatable {
        /// Of the output.
        package var bytes = 1 << 20
        /// Pieces that are visited, and members of objects that are looked through.
        package var steps = 1_000_000
        /// Sections and partials in each other.
        package var depth = 64

        package init() {}
    }

    /// Why a rendering was given up: which bound it broke.
    package enum Overrun: Error, Sendable, Equatable {
        case bytes, steps, depth
    }

    /// - Parameters:
    ///   - values: the outermost first; a name means the innermost value that has it.
    ///   - partials: by name; one that isn't there prints nothing.
    ///   - escapesHTML: whether `{{name}}` is safe to stand in HTML. A prompt is none.
    package func render(
        _ values: [JSON], partials: [String: Template] = [:], escapesHTML: Bool = false,
        within bounds: Bounds = Bounds()
    ) throws(Overrun) -> String {
        var rendering = TemplateRendering(
            values: values, partials: partials, escapesHTML: escapesHTML, bounds: bounds)
        try rendering.print(nodes, indent: [], depth: 0)
        return String(decoding: rendering.output, as: UTF8.self)
    }
}

extension TemplateName {
    /// What the name means; nil where nothing has it. Where a dotted name's first part is found,
    /// the rest is looked for there alone.
    package func value(in values: [JSON]) -> JSON? {
        var steps = Int.max
        return value(in: values, &steps)
    }

    fileprivate func value(in values: [JSON], _ steps: inout Int) -> JSON? {
        guard let first = parts.first else { return values.last }
        func member(_ name: String, of value: JSON) -> JSON? {
            guard case .object(let object) = value else { return nil }
            steps -= object.members.count
            return object[name]
        }
        var found: JSON?
        for value in values.reversed() {
            steps -= 1
            found = member(first, of: value)
            if found != nil || steps < 0 { break }
        }
        for part in parts.dropFirst() { found = found.flatMap { member(part, of: $0) } }
        return found
    }
}

extension JSON {
    /// Whether a section shows nothing for it: null, false, an empty list and an empty text.
    package var isNothing: Bool {
        switch self {
        case .null: true
        case .bool(let flag): !flag
        case .string(let text): text.isEmpty
        case .array(let elements): elements.isEmpty
        case .number, .object: false
        }
    }
}

private struct TemplateRendering {
    private(set) var output: [UInt8] = []
    private var values: [JSON]
    private let partials: [String: Template]
    private let escapesHTML: Bool
    private let bounds: Template.Bounds
    private var steps: Int
    /// Whether what comes next begins a line of its template.
    private var beginsLine = true

    init(
        values: [JSON], partials: [String: Template], escapesHTML: Bool, bounds: Template.Bounds
    ) {
        self.values = values
        self.partials = partials
        self.escapesHTML = escapesHTML
        self.bounds = bounds
        steps = bounds.steps
    }

    mutating func print(
        _ nodes: [TemplateNode], indent: [UInt8], depth: Int
    ) throws(Template.Overrun) {
        guard depth <= bounds.depth else { throw .depth }
        for node in nodes {
            steps -= 1
            switch node {
            case .text(let text): try append(lines: text, indent)
            case .value(let name, let isEscaped):
                begin(indent)
                try append(name.value(in: values, &steps), isEscaped: isEscaped)
            case .section(let name, let isInverted, let inner):
                let value = name.value(in: values, &steps) ?? .null
                if isInverted {
                    if value.isNothing { try print(inner, indent: indent, depth: depth + 1) }
                } else {
                    try print(inner, for: value, indent: indent, depth: depth + 1)
                }
            case .partial(let name, let own):
                guard let partial = partials[name] else { continue }
                try print(partial.nodes, indent: indent + own, depth: depth + 1)
            }
            guard steps >= 0 else { throw .steps }
        }
    }

    /// Once for each element of a list, else once.
    private mutating func print(
        _ nodes: [TemplateNode], for value: JSON, indent: [UInt8], depth: Int
    ) throws(Template.Overrun) {
        if value.isNothing { return }
        for element in value.array ?? [value] {
            steps -= 1
            values.append(element)
            try print(nodes, indent: indent, depth: depth)
            values.removeLast()
        }
    }

    private mutating func append(
        _ value: JSON?, isEscaped: Bool
    ) throws(Template.Overrun) {
        let text: [UInt8]
        switch value {
        case nil, .null: return
        case .string(let string): text = Array(string.utf8)
        case .bool(let flag): text = Array((flag ? "true" : "false").utf8)
        case .number(let number): text = Array(number.utf8)
        case .array(let elements): text = JSON.array(elements).encoded
        case .object(let object): text = JSON.object(object).encoded
        }
        // A value can be long, and printed often.
        steps -= text.count >> 6
        try append(isEscaped && escapesHTML ? HTMLEscaping.escape(text)[...] : text[...])
    }

    private mutating func append(
        lines text: [UInt8], _ indent: [UInt8]
    ) throws(Template.Overrun) {
        if indent.isEmpty {
            beginsLine = text.last == UInt8(ascii: "\n")
            return try append(text[...])
        }
        for line in text.lines {
            if line.first != UInt8(ascii: "\n"), line.first != UInt8(ascii: "\r") { begin(indent) }
            beginsLine = line.last == UInt8(ascii: "\n")
            try append(line)
        }
    }

    private mutating func begin(_ indent: [UInt8]) {
        if beginsLine { output += indent }
        beginsLine = false
    }

    private mutating func append(_ text: ArraySlice<UInt8>) throws(Template.Overrun) {
        output += text
        guard output.count <= bounds.bytes else { throw .bytes }
    }
}

extension [UInt8] {
    /// Its lines, each with its own end.
    fileprivate var lines: [ArraySlice<UInt8>] {
        var lines: [ArraySlice<UInt8>] = []
        var start = startIndex
        while start < endIndex {
            let end = self[start...].firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? endIndex
            lines.append(self[start..<end])
            start = end
        }
        return lines
    }
}
