import WeirCore

/// The operator's own price document (docs/prices.md), as YAML or JSON.
enum PriceFile {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    static let byteLimit = 4 << 20

    /// The built-in book, with a file's prices over it where there is one.
    static func book(_ path: String?) throws(Failure) -> PriceBook {
        let builtIn: PriceBook
        do {
            builtIn = try PriceBook(json: builtInPriceBook)
        } catch {
            throw Failure(description: "the built-in price book: \(error)")
        }
        guard let path else { return builtIn }
        return builtIn.overlaid(by: try read(path).book)
    }

    /// A file's document, and the book that it makes.
    static func read(_ path: String) throws(Failure) -> (document: JSON, book: PriceBook) {
        let text: String
        do {
            text = try SmallFile.text(path, limit: byteLimit)
        } catch {
            throw Failure(description: error.description)
        }
        let node: YAMLNode
        do {
            node = try YAMLNode(parsing: text)
        } catch {
            throw Failure(description: "\(path): \(error.reason) (line \(error.line))")
        }
        let document = json(node, name: "")
        do {
            return (document, try PriceBook(document))
        } catch {
            let line = node.line(of: error.path).map { " (line \($0))" } ?? ""
            throw Failure(description: "\(path): \(error)\(line)")
        }
    }

    private static let counts: Set = ["context_window", "max_output_tokens", "above_input_tokens"]
    private static let flags: Set = ["embedding", "deprecated"]

    /// YAML doesn't tell `0.8` from `"0.8"` reliably, but a price document has strings, counts and
    /// flags under names that are known.
    private static func json(_ node: YAMLNode, name: String) -> JSON {
        switch node.content {
        case .empty: return .null
        case .list(let elements): return .array(elements.map { json($0, name: name) })
        case .mapping(let members):
            return .object(
                JSONObject(
                    members.map { .init(name: $0.name, value: json($0.value, name: $0.name)) }))
        case .scalar(let text, let isQuoted):
            if isQuoted { return .string(text) }
            if counts.contains(name), wholeNumber(text) != nil { return .number(text) }
            if flags.contains(name), let flag = Bool(text) { return .bool(flag) }
            return .string(text)
        }
    }
}

extension YAMLNode {
    /// The line of a path such as `prices[3].tiers[0].input`, or of the deepest part that is there.
    func line(of path: String) -> Int? {
        guard !path.isEmpty else { return nil }
        var node = self
        var line: Int?
        for part in path.utf8.split(whereSeparator: { ".[]".utf8.contains($0) }) {
            let name = String(decoding: part, as: UTF8.self)
            switch node.content {
            case .mapping(let members):
                guard let member = members.first(where: { $0.name == name }) else { return line }
                (node, line) = (member.value, member.line)
            case .list(let elements):
                guard let index = wholeNumber(name), elements.indices.contains(index) else {
                    return line
                }
                (node, line) = (elements[index], elements[index].line)
            case .scalar, .empty: return line
            }
        }
        return line
    }
}
