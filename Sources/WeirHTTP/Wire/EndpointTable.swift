import HTTPTypes
import WeirService

/// Finds the endpoint of a method and a path. Paths are compared byte by byte as they were sent:
/// no case folding, no `//`, no trailing slash, no dot segments.
struct EndpointTable: Sendable {
    private let exact: [String: [Endpoint]]
    private let patterns: [Pattern]

    private struct Pattern {
        let prefix: [UInt8]
        let suffix: [UInt8]
        let takesSlashes: Bool
        let endpoint: Endpoint
    }

    enum Match {
        case found(Endpoint, parameter: String)
        /// Another service's, behind this gateway.
        case regular(RegularRoute)
        /// The path is known, the method isn't; these are.
        case wrongMethod(allowed: [String])
        case unknown
    }

    init(_ endpoints: [Endpoint]) {
        var exact: [String: [Endpoint]] = [:]
        var patterns: [Pattern] = []
        for endpoint in endpoints {
            let path = Array(endpoint.path.utf8)
            guard let open = path.firstIndex(of: UInt8(ascii: "{")),
                let close = path.firstIndex(of: UInt8(ascii: "}"))
            else {
                exact[endpoint.path, default: []].append(endpoint)
                continue
            }
            patterns.append(
                Pattern(
                    prefix: Array(path[..<open]), suffix: Array(path[(close + 1)...]),
                    takesSlashes: path[..<close].suffix(3).elementsEqual("...".utf8),
                    endpoint: endpoint))
        }
        self.exact = exact
        // The most exact ones first: `/models/{m}:generateContent` is no model's name.
        self.patterns = patterns.sorted { $0.suffix.count > $1.suffix.count }
    }

    func match(_ method: HTTPRequest.Method, _ path: String) -> Match {
        if let endpoints = exact[path] {
            if let endpoint = endpoints.first(where: { $0.method == method }) {
                return .found(endpoint, parameter: "")
            }
            return .wrongMethod(allowed: endpoints.map(\.method.rawValue))
        }
        let bytes = Array(path.utf8)
        var allowed: [String] = []
        var suffix: [UInt8]?
        for pattern in patterns where suffix == nil || suffix == pattern.suffix {
            guard let parameter = parameter(of: bytes, pattern) else { continue }
            suffix = pattern.suffix
            if pattern.endpoint.method == method {
                return .found(pattern.endpoint, parameter: parameter)
            }
            allowed.append(pattern.endpoint.method.rawValue)
        }
        return allowed.isEmpty ? .unknown : .wrongMethod(allowed: allowed)
    }

    /// What stands in the placeholder, decoded; nil where the path is another one.
    private func parameter(of path: [UInt8], _ pattern: Pattern) -> String? {
        let (prefix, suffix) = (pattern.prefix, pattern.suffix)
        guard path.count > prefix.count + suffix.count, path.starts(with: prefix),
            path.suffix(suffix.count).elementsEqual(suffix)
        else { return nil }
        let middle = path[prefix.count..<(path.count - suffix.count)]
        guard pattern.takesSlashes || !middle.contains(UInt8(ascii: "/")) else { return nil }
        return PercentCoding.decode(middle, plusIsBlank: false)
    }
}
