import Testing
import WeirCore

/// Carries out the reference's operations with Weir's own rules.
struct OracleReplay {
    private var book = BudgetBook()
    private var limits: [String: BudgetLimit] = [:]
    private var holds: [String: [String]] = [:]

    /// What an operation gives, and what it should give.
    mutating func run(_ line: String) throws -> (got: String, wanted: String) {
        let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
            .map(String.init)
        let wanted = try #require(fields.last)
        switch (fields[0], fields[1]) {
        case ("money", _): return (try money(fields), wanted)
        case ("price", _): return (try price(fields), wanted)
        case ("budget", "new"):
            self = OracleReplay()
            return ("new", wanted)
        case ("budget", "limit"): return try limit(fields)
        case ("budget", "hold"): return try hold(fields)
        case ("budget", _): return try end(fields)
        default: return ("an unknown operation", wanted)
        }
    }

    private func money(_ fields: [String]) throws -> String {
        switch fields[1] {
        case "cost":
            let rate = Rate(nanosPerMillion: try #require(Int64(fields[3])))
            return rate.cost(of: try #require(Int64(fields[2]))).map { "\($0.nanos)" } ?? "overflow"
        case "parse":
            let json = try JSONParser.parse(Array(fields[2].utf8), .reply)
            return json.string.flatMap { Money(decimalUSD: $0) }.map { "\($0.nanos)" } ?? "refused"
        default: return Money(nanos: try #require(Int64(fields[2]))).usd
        }
    }

    private func price(_ fields: [String]) throws -> String {
        let prices = try PriceBook(json: #"{"version":"x","prices":["# + fields[1] + "]}")
        let json = try JSONParser.parse(Array(fields[2].utf8), .request)
        func count(_ name: String) -> Int64 { json[name]?.integer ?? 0 }
        let usage = try #require(
            TokenUsage(
                input: count("input_tokens"), output: count("output_tokens"),
                cacheRead: count("cache_read_tokens"),
                cacheWrite5m: count("cache_write_5m_tokens"),
                cacheWrite1h: count("cache_write_1h_tokens"),
                webSearches: json["calls"]?["web_search"]?.integer ?? 0,
                serviceTier: json["service_tier"]?.string.flatMap { ServiceTier(rawValue: $0) }))
        let price = try #require(
            prices.price(provider: "oracle", model: "oracle-1", at: Timestamp(milliseconds: 1)))
        guard let cost = price.cost(of: usage) else { return "overflow" }
        let worst = price.worstCase(input: usage.input, output: usage.output)
        if usage.webSearches == 0, let worst, worst < cost { return "above the worst case" }
        return "\(cost.nanos)"
    }

    private mutating func limit(_ fields: [String]) throws -> (String, String) {
        let name = fields[2]
        limits[name] =
            fields[3] == "unlimited"
            ? .unlimited : .capped(Money(nanos: try #require(Int64(fields[3]))))
        book.open(try key(name), settled: .zero, readAt: book.generation)
        return ("ok \(try state([name])) -", fields[4...].joined(separator: " "))
    }

    private mutating func hold(_ fields: [String]) throws -> (String, String) {
        let names = fields[4].split(separator: ",").map(String.init)
        let first = try #require(names.first)
        let scopes = try names.map {
            ScopeLimit(scope: try key($0).scope, limit: try #require(limits[$0]))
        }
        let admission = book.hold(
            try attempt(fields[2]), amount: Money(nanos: try #require(Int64(fields[3]))),
            tenant: try tenant, period: try key(first).period, limits: scopes)
        var got = "unopened"
        switch admission {
        case .held:
            got = "ok"
            holds[fields[2]] = names
        case .refused(let scope): got = "refused \(shown(scope))@\(try key(first).period)"
        case .unopened: break
        }
        got += " \(try state(names)) \(events())"
        return (got, fields[5...].joined(separator: " "))
    }

    private mutating func end(_ fields: [String]) throws -> (String, String) {
        let isSettled = fields[1] == "settle"
        if isSettled {
            book.settle(
                try attempt(fields[2]), cost: Money(nanos: try #require(Int64(fields[3]))))
        } else {
            book.release(try attempt(fields[2]))
        }
        let got = "\(try state(holds[fields[2]] ?? [])) \(events())"
        return (got, fields[(isSettled ? 5 : 4)...].joined(separator: " "))
    }

    private var tenant: TenantID { get throws { try #require(TenantID(1)) } }

    private func attempt(_ name: String) throws -> AttemptID {
        AttemptID(number: try #require(Int64(name.dropFirst())))
    }

    /// `user:7@2026-04` as a counter's key.
    private func key(_ name: String) throws -> BudgetBook.CounterKey {
        let parts = name.split(separator: "@").map(String.init)
        let scope = parts[0].split(separator: ":").map(String.init)
        let period = try #require(Period(parts[1]))
        let value: BudgetScope =
            switch scope[0] {
            case "tenant": .tenant
            case "user": .user(try #require(Int64(scope[1])))
            case "feature": .feature(scope[1])
            default: .key(scope[1])
            }
        return .init(tenant: try tenant, period: period, scope: value)
    }

    private func shown(_ scope: BudgetScope) -> String {
        scope == .tenant ? "tenant:1" : "\(scope.kind):\(scope.value)"
    }

    private func state(_ names: [String]) throws -> String {
        guard !names.isEmpty else { return "-" }
        return try names.map { name in
            let counter = book.counter(try key(name))
            return "\(name)=\(counter?.settled.nanos ?? -1)/\(counter?.held.nanos ?? -1)"
        }.joined(separator: ",")
    }

    private mutating func events() -> String {
        let crossings = book.takeCrossings().map {
            "\(shown($0.key.scope))@\($0.key.period):\($0.percent)"
        }
        return crossings.isEmpty ? "-" : crossings.joined(separator: ",")
    }
}
