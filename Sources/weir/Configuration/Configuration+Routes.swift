import WeirCore
import WeirService

extension RegularRoute {
    private static let mostRoutes = 256

    /// The list `gateway.routes`.
    static func read(_ gateway: ConfigurationSection, pools: [String]) -> [RegularRoute] {
        var routes: [RegularRoute] = []
        let sections = gateway.sections("routes")
        if sections.count > mostRoutes {
            gateway.mistake("routes", nil, "are more than \(mostRoutes)")
        }
        for section in sections {
            guard let route = read(section, pools) else { continue }
            if routes.contains(where: { $0.prefix.utf8.elementsEqual(route.prefix.utf8) }) {
                section.mistake("prefix", nil, "is another route's as well")
            }
            routes.append(route)
        }
        return routes
    }

    /// Whether a caller has to show a service key.
    private enum Asking: String, CaseIterable { case required, none }

    private static func read(_ section: ConfigurationSection, _ pools: [String]) -> RegularRoute? {
        let prefix = prefix(section)
        let pool = section.slug("pool", limit: 64)
        if let pool {
            section.requirePool(pool, "pool", among: pools)
        } else if !section.contains("pool") {
            section.mistake("pool", nil, "is missing: a name under gateway.pools")
        }
        var route = RegularRoute(prefix: prefix ?? "", pool: pool ?? .defaultFeature)
        route.requiresKey = section.choice("auth", default: Asking.required) == .required
        route.passesIdentity = section.bool("identity", default: false)
        if route.passesIdentity, !route.requiresKey {
            section.mistake("identity", nil, "needs auth: required, or nobody is known")
        }
        route.bodyLimit = section.size("body", in: 0...(1 << 30), default: route.bodyLimit)
        route.limits = CallLimits(ofRoute: section.section("limits"))
        return prefix == nil || pool == nil ? nil : route
    }

    private static func prefix(_ section: ConfigurationSection) -> String? {
        guard let prefix = section.optionalText("prefix", limit: 512) else {
            if !section.contains("prefix") {
                section.mistake("prefix", nil, "is missing; as in /crm")
            }
            return nil
        }
        guard let reason = defect(of: prefix) else { return prefix }
        section.mistake("prefix", nil, reason)
        return nil
    }

    /// Where Weir's own paths begin, present and to come.
    private static let reserved = [
        "ai", "admin", "reports", "health", "metrics", "dashboard", "v1", "v1beta",
    ]

    private static func defect(of prefix: String) -> String? {
        var segments = prefix.utf8.split(
            separator: UInt8(ascii: "/"), omittingEmptySubsequences: false
        ).map { String(decoding: $0, as: UTF8.self) }
        guard segments.removeFirst().isEmpty, !segments.isEmpty else {
            return "must begin with a slash, as in /crm"
        }
        guard !segments.contains("") else {
            return "must have no empty segment and no slash at its end, as in /crm"
        }
        guard prefix.utf8.allSatisfy(isPlain) else {
            return "must be letters, digits and - _ . ~ ! $ & ' ( ) * + , = : @"
        }
        guard !segments.contains(where: { $0 == "." || $0 == ".." }) else {
            return "must have no dot segment"
        }
        guard !reserved.contains(segments[0]) else {
            return "begins with /\(segments[0]), which is Weir's own"
        }
        return nil
    }

    /// What stands for itself in a path (RFC 3986, pchar), but the semicolon, behind which some
    /// servers read parameters.
    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "/-_.~!$&'()*+,=:@".utf8.contains(byte)
        }
    }

    var listed: JSON {
        [
            "prefix": .string(prefix), "pool": .string(pool.description),
            "auth": .string((requiresKey ? Asking.required : .none).rawValue),
            "identity": .bool(passesIdentity), "body": .string(ByteSize.text(bodyLimit)),
            "limits": limits.listedOfRoute,
        ]
    }
}
