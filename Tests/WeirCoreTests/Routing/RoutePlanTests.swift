import Testing
import WeirCore
import WeirTesting

@Suite struct RoutePlanTests {
    let now = Timestamp(milliseconds: 1_800_000_000_000)
    let prices: PriceBook

    init() throws {
        let entries = ["a", "b", "c"].flatMap { provider in
            ["m", "n", "o", "p"].map {
                #"{"provider":"\#(provider)","model":"\#($0)","input":"1","output":"1"}"#
            }
        }
        prices = try PriceBook(
            json: #"{"version":"v","prices":["# + entries.joined(separator: ",") + "]}")
    }

    private func name(_ text: String) throws -> Slug { try #require(Slug(text)) }

    /// `fast = a/m*3 b/n | slow other` is a name with two targets and two fallbacks.
    private func catalogue(_ lines: [String]) throws -> ModelCatalogue {
        var aliases: [ModelName: ModelCatalogue.Alias] = [:]
        for line in lines {
            let sides = line.split(separator: "=").map { $0.split(separator: "|", maxSplits: 1) }
            let targets = try sides[1][0].split(separator: " ").map { text in
                let parts = text.split(whereSeparator: { "/*".contains($0) }).map(String.init)
                return ModelCatalogue.Target(
                    provider: try name(parts[0]), model: try name(parts[1]),
                    weight: parts.count > 2 ? Int(parts[2]) ?? 1 : 1)
            }
            let fallbacks = sides[1].count > 1 ? sides[1][1].split(separator: " ") : []
            aliases[try name(sides[0][0].split(separator: " ").joined())] = .init(
                targets: targets, fallbacks: try fallbacks.map { try name(String($0)) })
        }
        return ModelCatalogue(
            providers: try ["a", "b", "c"].map { .init(name: try name($0), pricesAs: $0) },
            aliases: aliases)
    }

    private func plan(
        _ lines: [String], _ called: String = "x", dice: UInt64 = 0
    ) throws -> [String] {
        try catalogue(lines).plan(try name(called), prices: prices, at: now, dice: dice)
            .map { "\($0.name)=\($0.provider)/\($0.model)" }
    }

    @Test(arguments: [
        (["x = a/m"], ["x=a/m"]),
        (["x = a/m b/m c/m"], ["x=a/m", "x=b/m", "x=c/m"]),
        (["x = a/m*0 b/m*1"], ["x=b/m", "x=a/m"]),
        (["x = a/m*0 b/m*0"], ["x=a/m", "x=b/m"]),
        (["x = a/m | n b/o"], ["x=a/m", "n=a/n", "b/o=b/o"]),
        (
            ["x = a/m | y z", "y = b/m | w", "z = c/m", "w = c/n"],
            ["x=a/m", "y=b/m", "z=c/m", "w=c/n"]
        ),
        (["x = a/m | y", "y = b/m | x"], ["x=a/m", "y=b/m"]),
        (["x = a/m | x x a/m"], ["x=a/m"]),
        (["x = a/m a/m | a/m m y", "y = a/m b/m"], ["x=a/m", "y=b/m"]),
        (["x = a/unpriced b/m"], ["x=b/m"]),
        (["x = gone/m | y", "y = a/unpriced | n"], ["n=a/n"]),
        (["x = a/m | unknown gone/m n"], ["x=a/m", "n=a/n"]),
    ])
    func `routes come in order, each once`(lines: [String], expected: [String]) throws {
        #expect(try plan(lines) == expected)
    }

    @Test func `a name that isn't configured has one route, as before`() throws {
        #expect(try plan([], "m") == ["m=a/m"])
        #expect(try plan([], "c/m") == ["c/m=c/m"])
    }

    @Test func `where nothing is left, the first one's error is thrown`() throws {
        func code(_ lines: [String]) throws -> WeirError.Code? {
            let catalogue = try catalogue(lines)
            let name = try name("x")
            do throws(WeirError) {
                _ = try catalogue.plan(name, prices: prices, at: now, dice: 0)
                return nil
            } catch { return error.code }
        }
        #expect(try code(["x = a/unpriced gone/m | unknown"]) == .unpricedModel)
        #expect(try code(["x = gone/m a/unpriced"]) == .unknownModel)
        #expect(try code([]) == .unknownModel)
    }

    @Test func `no plan has more than eight routes, nor follows fallbacks without end`() throws {
        let targets = ["a", "b", "c"].flatMap { provider in
            ["m", "n", "o", "p"].map { "\(provider)/\($0)" }
        }
        #expect(try plan(["x = " + targets.joined(separator: " ")]).count == 8)
        let chain = ["x = a/unpriced | y0"] + (0..<20).map { "y\($0) = a/unpriced | y\($0 + 1)" }
        #expect(throws: WeirError.self) { try plan(chain + ["y20 = a/m"]) }
        #expect(try plan(["x = a/unpriced | y0", "y0 = a/unpriced | y1", "y1 = a/m"]).count == 1)
    }

    @Test(arguments: [[1, 1], [3, 1], [0, 5, 5], [1, 2, 7], [1_000, 1]])
    func `the first route is chosen by weight`(weights: [Int]) throws {
        let names = ["a", "b", "c"]
        let line = zip(names, weights).map { "\($0)/m*\($1)" }.joined(separator: " ")
        let catalogue = try catalogue(["x = " + line])
        var counts = [String: Int]()
        let rolls = 20_000
        var random = SplitMix(seed: 7)
        for _ in 0..<rolls {
            let plan = try catalogue.plan(
                try name("x"), prices: prices, at: now, dice: random.next())
            #expect(plan.count == weights.count)
            counts[plan[0].provider.description, default: 0] += 1
        }
        let sum = weights.reduce(0, +)
        for (name, weight) in zip(names, weights) {
            let share = Double(counts[name] ?? 0) / Double(rolls)
            #expect(abs(share - Double(weight) / Double(sum)) < 0.015)
            if weight == 0 { #expect(counts[name] == nil) }
        }
    }

    @Test func `only what can be called has a share`() throws {
        #expect(try plan(["x = a/unpriced*99 b/m*1"], dice: .max) == ["x=b/m"])
        #expect(try plan(["x = a/m*9 b/m*1"], dice: .max) == ["x=b/m", "x=a/m"])
        #expect(try plan(["x = a/m*9 b/m*1"], dice: .max / 10 * 8) == ["x=a/m", "x=b/m"])
    }

    @Test func `one route stands for a name where no plan is asked for`() throws {
        let catalogue = try catalogue(["x = a/unpriced*9 b/m c/m", "y = gone/m"])
        let route = try catalogue.route(try name("x"), prices: prices, at: now)
        #expect(route.provider == (try name("b")))
        let names = catalogue.routes(prices: prices, at: now).map(\.name.description)
        #expect(names == ["m", "n", "o", "p", "x"])
    }
}
