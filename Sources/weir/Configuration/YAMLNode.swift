import Yams

/// A YAML value with the line on which it stands. Scalars keep their text: what a text means is
/// decided by whoever reads it, so that `off` is no boolean and `1.0` no rounded number.
struct YAMLNode: Sendable, Equatable {
    /// Counted from 1.
    let line: Int
    let content: Content

    indirect enum Content: Sendable, Equatable {
        /// Nothing behind the colon, `~` or `null`.
        case empty
        case scalar(String, isQuoted: Bool)
        case list([YAMLNode])
        case mapping([Member])
    }

    struct Member: Sendable, Equatable {
        let name: String
        let line: Int
        let value: YAMLNode
    }

    /// Bounds of a document, so that a hostile or mistaken one ends with a message.
    enum Limits {
        static let bytes = 4 << 20
        static let depth = 32
        static let nodes = 200_000
    }
}

/// Why a text is not the YAML that is asked for.
struct YAMLDefect: Error, Sendable, Equatable {
    let line: Int
    let reason: String
}

extension YAMLNode {
    /// Reads one document. An empty one is an empty mapping.
    ///
    /// `${NAME}` stands for itself also inside of `{ }` and `[ ]`, where YAML would take its braces
    /// for a mapping.
    init(parsing text: String) throws(YAMLDefect) {
        guard text.utf8.count <= Limits.bytes else {
            throw YAMLDefect(line: 1, reason: "more than \(Limits.bytes) bytes")
        }
        let root: Node?
        do {
            let parser = try Parser(yaml: try BraceGuard.protect(text), encoding: .utf8)
            root = try parser.singleRoot()
        } catch let error as YAMLDefect {
            throw error
        } catch {
            throw YAMLDefect(error)
        }
        guard let root else {
            self.init(line: 1, content: .mapping([]))
            return
        }
        var remaining = Limits.nodes
        self = try convert(root, depth: 0, line: 1, remaining: &remaining)
    }
}

private func convert(
    _ node: Node, depth: Int, line: Int, remaining: inout Int
) throws(YAMLDefect) -> YAMLNode {
    let line = node.mark?.line ?? line
    remaining -= 1
    guard remaining > 0 else { throw YAMLDefect(line: line, reason: "too many values") }
    guard depth <= YAMLNode.Limits.depth else {
        throw YAMLDefect(line: line, reason: "nested deeper than \(YAMLNode.Limits.depth)")
    }
    guard !node.tag.description.utf8.starts(with: "!".utf8) else {
        throw YAMLDefect(line: line, reason: "the tag \(node.tag.description) is unknown")
    }
    switch node {
    case .scalar(let scalar):
        return YAMLNode(line: line, content: content(of: scalar))
    case .sequence(let sequence):
        var elements: [YAMLNode] = []
        for element in sequence {
            elements.append(
                try convert(element, depth: depth + 1, line: line, remaining: &remaining))
        }
        return YAMLNode(line: line, content: .list(elements))
    case .mapping(let mapping):
        var members: [YAMLNode.Member] = []
        for (key, value) in mapping {
            let keyLine = key.mark?.line ?? line
            guard let name = key.scalar?.string else {
                throw YAMLDefect(line: keyLine, reason: "a key must be a plain text")
            }
            members.append(
                YAMLNode.Member(
                    name: BraceGuard.restore(name), line: keyLine,
                    value: try convert(
                        value, depth: depth + 1, line: keyLine, remaining: &remaining)))
        }
        return YAMLNode(line: line, content: .mapping(members))
    case .alias:
        throw YAMLDefect(line: line, reason: "an alias that leads nowhere")
    }
}

private func content(of scalar: Node.Scalar) -> YAMLNode.Content {
    let isQuoted = scalar.style != .plain
    if !isQuoted, ["", "~", "null", "Null", "NULL"].contains(scalar.string) { return .empty }
    return .scalar(BraceGuard.restore(scalar.string), isQuoted: isQuoted)
}

extension YAMLDefect {
    fileprivate init(_ error: any Error) {
        guard let error = error as? YamlError else {
            self.init(line: 1, reason: "not YAML: \(error)")
            return
        }
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            self.init(line: mark.line, reason: "not YAML: \(problem)")
        case .duplicatedKeysInMapping(let duplicates, let context):
            let names = duplicates.map { BraceGuard.restore($0) }.sorted()
            self.init(
                line: context.mark.line,
                reason: "written twice in one mapping: \(names.joined(separator: ", "))")
        case .reader(let problem, _, _, _), .writer(let problem), .emitter(let problem),
            .representer(let problem):
            self.init(line: 1, reason: "not YAML: \(problem)")
        case .no, .memory, .dataCouldNotBeDecoded:
            self.init(line: 1, reason: "not YAML")
        }
    }
}
