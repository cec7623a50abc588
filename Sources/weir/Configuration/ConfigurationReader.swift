/// What reading one configuration gathers: every mistake, every warning, every variable that could
/// have overridden a key.
final class ConfigurationReader {
    private let environment: [String: String]
    private var mistakes: [ConfigurationMistake] = []
    private var pathsByVariable: [String: String] = [:]
    private var references: Set<String> = []
    /// Sound, but probably not what somebody wants.
    private(set) var warnings: [ConfigurationMistake] = []
    /// Every variable that overrides a key, in the order in which the keys were read.
    private(set) var variables: [Variable] = []

    struct Variable: Sendable, Equatable {
        let name: String
        let path: String
    }

    init(environment: [String: String]) { self.environment = environment }

    func add(_ mistake: ConfigurationMistake) { mistakes.append(mistake) }
    func warn(_ warning: ConfigurationMistake) { warnings.append(warning) }

    /// Throws every mistake that was found.
    func finish() throws(ConfigurationError) {
        guard mistakes.isEmpty else { throw ConfigurationError(mistakes) }
    }

    /// What the environment says in place of a key; nil where it says nothing. An empty variable
    /// counts as not set.
    func override(of path: String) -> (variable: String, text: String)? {
        let variable = ConfigurationReader.variable(for: path)
        return environmentValue(variable).map { (variable, $0) }
    }

    /// Notes that a key can be overridden. Two keys that share a variable must not both be set by
    /// it.
    func register(_ path: String) {
        let variable = ConfigurationReader.variable(for: path)
        guard let known = pathsByVariable[variable] else {
            pathsByVariable[variable] = path
            return variables.append(Variable(name: variable, path: path))
        }
        guard known != path, environmentValue(variable) != nil else { return }
        add(
            ConfigurationMistake(
                path: path, source: .environment(variable),
                reason: "the variable means \(known) as well; rename one of the two"))
    }

    /// The value of a variable that the file refers to; nil where it is not set, or empty.
    func reference(_ variable: String) -> String? {
        references.insert(variable)
        return environmentValue(variable)
    }

    /// Warns about variables that look like overrides, and override nothing.
    func warnUnknownVariables(sections: [String]) {
        let prefixes = sections.map { ConfigurationReader.variable(for: $0) + "_" }
        let known = variables.map(\.name)
        for name in environment.keys.sorted() where environmentValue(name) != nil {
            guard prefixes.contains(where: { name.utf8.starts(with: $0.utf8) }),
                !known.contains(name), !references.contains(name)
            else { continue }
            warn(
                ConfigurationMistake(
                    path: "", source: .environment(name),
                    reason: "it overrides no key\(NearMiss.hint(name, among: known))"))
        }
    }

    private func environmentValue(_ variable: String) -> String? {
        environment[variable].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Whether any key below a path is set by the environment.
    func overridesAnything(below path: String) -> Bool {
        let prefix = ConfigurationReader.variable(for: path) + "_"
        return environment.contains {
            $0.key.utf8.starts(with: prefix.utf8) && !$0.value.isEmpty
        }
    }

    /// `server.drain_timeout` → `WEIR_SERVER_DRAIN_TIMEOUT`; what is no letter or digit becomes
    /// `_`, but a closing bracket, which becomes nothing.
    static func variable(for path: String) -> String {
        var bytes = Array("WEIR_".utf8)
        for byte in path.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"): bytes.append(byte - 32)
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                bytes.append(byte)
            case UInt8(ascii: "]"): break
            default: bytes.append(UInt8(ascii: "_"))
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
