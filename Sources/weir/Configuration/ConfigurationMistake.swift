/// One thing that is wrong with a configuration, and where.
struct ConfigurationMistake: Sendable, Equatable {
    /// Keys joined by points, `providers.openai.base_url`; empty for the whole file.
    let path: String
    let source: Source
    let reason: String

    enum Source: Sendable, Equatable {
        case line(Int)
        case environment(String)
        /// Something that is missing has no line.
        case absent
    }
}

extension ConfigurationMistake: CustomStringConvertible {
    /// `providers.openai.base_url: must begin with https:// or http:// (line 12)`
    var description: String {
        let place =
            switch source {
            case .line(let line): " (line \(line))"
            case .environment(let variable): " (environment variable \(variable))"
            case .absent: ""
            }
        return "\(path.isEmpty ? "" : "\(path): ")\(reason)\(place)"
    }
}

/// Every mistake of a configuration at once, in the order of the file.
struct ConfigurationError: Error, Sendable, Equatable {
    let mistakes: [ConfigurationMistake]

    /// Sorts by line; what has no line comes last.
    init(_ mistakes: [ConfigurationMistake]) {
        self.mistakes = mistakes.enumerated().sorted {
            ($0.element.line, $0.offset) < ($1.element.line, $1.offset)
        }.map(\.element)
    }
}

extension ConfigurationMistake {
    fileprivate var line: Int {
        if case .line(let line) = source { line } else { .max }
    }
}
