/// One mapping of the configuration while it is being read. Every key is asked for by name, with
/// its default; what is left unasked at the end is a mistake of the file.
final class ConfigurationSection {
    let path: String
    let reader: ConfigurationReader
    let source: ConfigurationMistake.Source
    private let members: [YAMLNode.Member]
    private var asked: [String] = []
    private var children: [ConfigurationSection] = []

    init(
        path: String, source: ConfigurationMistake.Source, members: [YAMLNode.Member],
        reader: ConfigurationReader
    ) {
        self.path = path
        self.source = source
        self.members = members
        self.reader = reader
    }

    /// A value as it stands in the file or in the environment, references resolved.
    struct Scalar {
        let text: String
        let isQuoted: Bool
        let source: ConfigurationMistake.Source
        /// Whether any of it came from the environment.
        var isReference = true

        /// Whether its quotes say that it is no number and no flag; a reference may need quotes.
        var isText: Bool { isQuoted && !isReference }
    }

    func path(of name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

    func mistake(_ name: String, _ source: ConfigurationMistake.Source?, _ reason: String) {
        reader.add(
            ConfigurationMistake(
                path: path(of: name), source: source ?? self.source(of: name), reason: reason))
    }

    func warn(_ name: String, _ reason: String) {
        reader.warn(
            ConfigurationMistake(path: path(of: name), source: source(of: name), reason: reason))
    }

    /// Tells that a key, where it is given, has no effect in this version.
    func warnUnused(_ name: String) {
        if contains(name) { warn(name, "is read, but this version doesn't use it yet") }
    }

    /// Where a key stands; where it is missing, the section that lacks it.
    func source(of name: String) -> ConfigurationMistake.Source {
        if let override = reader.override(of: path(of: name)) {
            return .environment(override.variable)
        }
        return members.first { $0.name == name }.map { .line($0.line) } ?? source
    }

    func contains(_ name: String) -> Bool {
        members.contains { $0.name == name } || reader.override(of: path(of: name)) != nil
    }

    /// The names under a section that the operator chooses: providers, models, features.
    var names: [String] { members.map(\.name) }

    /// One value, from the environment or the file; nil where it isn't given, or given wrongly.
    func scalar(_ name: String) -> Scalar? {
        ask(name)
        if let (variable, text) = reader.override(of: path(of: name)) {
            return Scalar(text: text, isQuoted: false, source: .environment(variable))
        }
        guard let member = members.first(where: { $0.name == name }) else { return nil }
        switch member.value.content {
        case .scalar(let text, let isQuoted):
            return resolve(text, name, isQuoted: isQuoted, line: member.value.line)
        case .empty:
            mistake(name, .line(member.line), "has no value; leave the key out for its default")
        case .list: mistake(name, .line(member.line), "must be one value, not a list")
        case .mapping: mistake(name, .line(member.line), "must be one value, not a mapping")
        }
        return nil
    }

    /// A list of values; from the environment, separated by commas.
    func list(_ name: String) -> [Scalar] {
        ask(name)
        if let (variable, text) = reader.override(of: path(of: name)) {
            return text.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
                .map {
                    Scalar(
                        text: String(decoding: $0, as: UTF8.self), isQuoted: false,
                        source: .environment(variable))
                }
        }
        guard let member = members.first(where: { $0.name == name }) else { return [] }
        guard case .list(let elements) = member.value.content else {
            mistake(name, .line(member.line), "must be a list, as in [a, b]")
            return []
        }
        return elements.enumerated().compactMap { index, element in
            guard case .scalar(let text, let isQuoted) = element.content else {
                mistake("\(name)[\(index)]", .line(element.line), "must be one value")
                return nil
            }
            return resolve(text, "\(name)[\(index)]", isQuoted: isQuoted, line: element.line)
        }
    }

    /// Whether a list is given that holds nothing.
    func isEmptyList(_ name: String) -> Bool {
        guard reader.override(of: path(of: name)) == nil,
            case .list(let elements) = members.first(where: { $0.name == name })?.value.content
        else { return false }
        return elements.isEmpty
    }

    /// A mapping below this one; an empty section where it isn't given.
    func section(_ name: String) -> ConfigurationSection {
        asked.append(name)
        var members: [YAMLNode.Member] = []
        var source = source
        if let member = self.members.first(where: { $0.name == name }) {
            source = .line(member.line)
            switch member.value.content {
            case .mapping(let found): members = found
            case .empty: break
            case .scalar, .list: mistake(name, source, "must be a mapping of keys to values")
            }
        }
        let child = ConfigurationSection(
            path: path(of: name), source: source, members: members, reader: reader)
        children.append(child)
        return child
    }

    /// The mappings of a list, each with its index in its path; none where it isn't given.
    func sections(_ name: String) -> [ConfigurationSection] {
        asked.append(name)
        if let (variable, _) = reader.override(of: path(of: name)) {
            mistake(
                name, .environment(variable),
                "has no variable of its own; its keys have, as \(variable)_0_…")
        }
        guard let member = members.first(where: { $0.name == name }) else { return [] }
        guard case .list(let elements) = member.value.content else {
            mistake(name, .line(member.line), "must be a list of mappings")
            return []
        }
        if elements.isEmpty { mistake(name, .line(member.line), "must not be empty") }
        return elements.enumerated().compactMap { index, element in
            guard case .mapping(let found) = element.content else {
                mistake("\(name)[\(index)]", .line(element.line), "must be a mapping")
                return nil
            }
            let child = ConfigurationSection(
                path: path(of: "\(name)[\(index)]"), source: .line(element.line),
                members: found, reader: reader)
            children.append(child)
            return child
        }
    }

    /// The sections that were asked for.
    var sectionNames: [String] { children.map(\.path) }

    /// Reports every key that nobody asked for, here and below.
    func reportUnknown() {
        for member in members where !asked.contains(member.name) {
            let hint = NearMiss.hint(member.name, among: asked)
            mistake(member.name, .line(member.line), "is no key of this version\(hint)")
        }
        for child in children { child.reportUnknown() }
    }

    private func ask(_ name: String) {
        asked.append(name)
        reader.register(path(of: name))
    }

    /// Puts the environment's values in the place of `${NAME}`; `$${` stands for `${` itself.
    private func resolve(_ text: String, _ name: String, isQuoted: Bool, line: Int) -> Scalar? {
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        var isComplete = true
        var isReference = false
        var index = 0
        while index < bytes.count {
            if bytes[index...].starts(with: "$${".utf8) {
                result += Array("${".utf8)
                index += 3
            } else if let end = BraceGuard.endOfReference(bytes, at: index) {
                let variable = String(decoding: bytes[(index + 2)..<end], as: UTF8.self)
                isReference = true
                if let value = reader.reference(variable) {
                    result += Array(value.utf8)
                } else {
                    isComplete = false
                    mistake(
                        name, .line(line), "the environment variable \(variable) is not set")
                }
                index = end + 1
            } else if bytes[index...].starts(with: "${".utf8) {
                mistake(name, .line(line), "${ must be followed by a name and }; $${ means ${")
                return nil
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        guard isComplete else { return nil }
        return Scalar(
            text: String(decoding: result, as: UTF8.self), isQuoted: isQuoted,
            source: .line(line), isReference: isReference)
    }
}
