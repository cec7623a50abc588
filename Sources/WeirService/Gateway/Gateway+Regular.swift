package import WeirCore

extension Gateway {
    /// The route of a path, whole segments compared byte by byte; nil where none begins like it.
    package func route(of path: String) -> RegularRoute? {
        let path = Array(path.utf8)
        return current.routes.first { route in
            let prefix = route.prefix.utf8
            guard path.starts(with: prefix) else { return false }
            return path.count == prefix.count || path[prefix.count] == UInt8(ascii: "/")
        }
    }

    /// Takes in one call of a regular route.
    ///
    /// - Parameter caller: nil where none is asked for.
    /// - Throws: `rate_limited`, with nothing taken.
    package func admit(
        to route: RegularRoute, _ caller: Caller?
    ) throws(WeirError) -> CallPermit? {
        try current.gates[route.prefix]?
            .admit(to: route.prefix, key: caller?.key ?? .operatorKey, at: time.now())
    }
}
