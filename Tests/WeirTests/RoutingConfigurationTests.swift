import Testing
import WeirCore
import WeirService

@testable import weir

@Suite("Reading routing, streams and the cache")
struct RoutingConfigurationTests {
    private static let providers = """
        providers:
          one: { kind: openai-compatible, base_url: "https://one.example/v1" }
          two: { kind: openai-compatible, base_url: "https://two.example/v1", concurrency: 3 }

        """

    private func read(
        _ yaml: String, _ environment: [String: String] = [:]
    ) throws -> Configuration {
        let reading = try Configuration.read(
            yaml: Self.providers + yaml, environment: environment)
        #expect(reading.warnings.isEmpty)
        return reading.configuration
    }

    private func slug(_ text: String) throws -> Slug { try #require(Slug(text)) }

    @Test("A name may have weighted targets and fallbacks")
    func targets() throws {
        let yaml = """
            models:
              fast:
                targets:
                  - { provider: one, model: small, weight: 3 }
                  - provider: two
                fallbacks: [big, two/other]
              big: { provider: one, model: large }
            """
        let models = try read(yaml).models
        let (one, two) = (try slug("one"), try slug("two"))
        #expect(
            models.map(\.targets) == [
                [
                    .init(provider: one, model: try slug("small"), weight: 3),
                    .init(provider: two, model: try slug("fast"), weight: 1),
                ], [.init(provider: one, model: try slug("large"))],
            ])
        #expect(models.map(\.fallbacks) == [[try slug("big"), try slug("two/other")], []])
    }

    @Test("The catalogue plans what is configured, and check-config says what can't be called")
    func plans() throws {
        let yaml = """
            models:
              fast:
                targets: [{ provider: one, model: m }, { provider: two, model: m, weight: 0 }]
                fallbacks: [other, two/n, nowhere]
              other: { provider: two, model: n }
            """
        let configuration = try read(yaml)
        let prices = try PriceBook(
            json: #"{"version":"v","prices":[{"provider":"one","model":"m","input":"1","#
                + #""output":"1"},{"provider":"two","model":"n","input":"1","output":"1"}]}"#)
        let now = Timestamp(milliseconds: 1_800_000_000_000)
        let plan = try configuration.catalogue.plan(
            try slug("fast"), prices: prices, at: now, dice: .max)
        #expect(plan.map { "\($0.provider)/\($0.model)" } == ["one/m", "two/n"])
        #expect(
            configuration.unpriced(prices, at: now) == [
                "models.fast.targets[1]: Model fast has no price, so its cost can't be bounded; "
                    + "add it to prices.file",
                "models.fast.fallbacks[2]: Model nowhere is not known here; "
                    + "name a priced model of a configured provider",
            ])
    }

    @Test("Every key of routing, streams and the cache is read")
    func everyKey() throws {
        let yaml = """
            routing:
              attempts: 4
              retries: 2
              retry_base: 100ms
              retry_cap: 3s
              breaker:
                failures: 6
                window: 40s
                rate: 60
                minimum_calls: 30
                cool_down: 15s
                longest_cool_down: 10m
                slow_start: 0s
            streams: { first_token: 20s, between_tokens: 10s, total: 5m, drain: 0s }
            cache: { max_bytes: 1MiB, features: { faq: 10m, sales-summary: 30s } }
            """
        let configuration = try read(yaml)
        var retry = RetryRules()
        (retry.attempts, retry.retries) = (4, 2)
        (retry.base, retry.cap) = (.milliseconds(100), .seconds(3))
        var breaker = BreakerRules()
        (breaker.failures, breaker.rate, breaker.minimumCalls) = (6, 60, 30)
        (breaker.window, breaker.coolDown) = (.seconds(40), .seconds(15))
        (breaker.longestCoolDown, breaker.slowStart) = (.seconds(600), .zero)
        #expect(configuration.routing == .init(retry: retry, breaker: breaker))
        var streams = StreamLimits()
        (streams.firstToken, streams.betweenTokens) = (.seconds(20), .seconds(10))
        (streams.total, streams.drain) = (.seconds(300), .zero)
        #expect(configuration.streams == streams)
        #expect(configuration.cache.maxBytes == 1 << 20)
        #expect(
            configuration.cache.features == [
                try slug("faq"): .seconds(600), try slug("sales-summary"): .seconds(30),
            ])
        #expect(configuration.providers.map(\.concurrency) == [256, 3])
    }

    @Test("The defaults are the documented ones")
    func defaults() throws {
        let configuration = try read("")
        #expect(configuration.routing == Configuration.Routing())
        #expect(configuration.routing.retry.attempts == 3)
        #expect(configuration.routing.breaker.coolDown == .seconds(10))
        #expect(configuration.streams == StreamLimits())
        #expect(configuration.cache == Configuration.Cache())
        #expect(configuration.cache.features.isEmpty)
    }

    @Test(
        "Variables override them",
        arguments: [
            ("WEIR_ROUTING_ATTEMPTS", "9"), ("WEIR_ROUTING_BREAKER_COOL_DOWN", "1s"),
            ("WEIR_STREAMS_FIRST_TOKEN", "5s"), ("WEIR_CACHE_MAX_BYTES", "1MiB"),
            ("WEIR_CACHE_FEATURES_FAQ", "20m"), ("WEIR_PROVIDERS_ONE_CONCURRENCY", "9"),
            ("WEIR_MODELS_FAST_FALLBACKS", "a,b"), ("WEIR_MODELS_FAST_TARGETS_1_WEIGHT", "9"),
            ("WEIR_MODELS_FAST_TARGETS_0_PROVIDER", "two"),
        ])
    func overrides(variable: String, value: String) throws {
        let yaml = """
            models: { fast: { targets: [{ provider: one }, { provider: two, model: m }] } }
            cache: { features: { faq: 10m } }
            """
        #expect(try read(yaml, [variable: value]) != (try read(yaml)))
    }

    static let mistaken: [(String, String)] = [
        (
            "routing: { attempts: 0 }", "routing.attempts: must be within 1 and 20 (line 4)"
        ),
        (
            "routing: { retry_cap: 2 }",
            "routing.retry_cap: must be a time with its unit, as in 500ms, 60s, 10m or 24h, "
                + "not 2 (line 4)"
        ),
        (
            "routing: { retry_base: 5s }",
            "routing.retry_base: must not be longer than retry_cap, 2s (line 4)"
        ),
        (
            "routing: { retry_cap: 100ms }",
            "routing.retry_cap: must not be shorter than retry_base, 200ms (line 4)"
        ),
        (
            "routing: { breaker: { rate: 50% } }",
            "routing.breaker.rate: must be a whole number, not 50% (line 4)"
        ),
        (
            "routing: { breaker: { longest_cool_down: 1s } }",
            "routing.breaker.longest_cool_down: must not be shorter than cool_down, 10s (line 4)"
        ),
        (
            "routing: { braker: {} }",
            "routing.braker: is no key of this version; did you mean breaker? (line 4)"
        ),
        (
            "streams: { total: 10s }",
            "streams.total: must not be shorter than first_token, 30s (line 4)"
        ),
        (
            "streams: { drain: 2h }", "streams.drain: must be within 0ms and 1h (line 4)"
        ),
        (
            "cache: { features: { faq: forever } }",
            "cache.features.faq: must be a time with its unit, as in 500ms, 60s, 10m or 24h, "
                + "not forever (line 4)"
        ),
        (
            "cache: { features: { a b: 10m } }",
            "cache.features.a b: must be 1 to 64 letters, digits and - _ . : / @ + (line 4)"
        ),
        (
            "cache: { max_bytes: 64 }",
            "cache.max_bytes: must be a size with its unit, as in 512B, 64KiB or 4MiB, not 64 "
                + "(line 4)"
        ),
        (
            "models: { m: { targets: one } }",
            "models.m.targets: must be a list of mappings (line 4)"
        ),
        (
            "models: { m: { targets: [] } }",
            "models.m.targets: must not be empty (line 4)"
        ),
        (
            "models: { m: { targets: [one] } }", "models.m.targets[0]: must be a mapping (line 4)"
        ),
        (
            "models: { m: { targets: [{ provider: on }] } }",
            "models.m.targets[0].provider: on is not under providers; did you mean one? (line 4)"
        ),
        (
            "models: { m: { targets: [{ model: x }] } }",
            "models.m.targets[0].provider: is missing: a name under providers (line 4)"
        ),
        (
            "models: { m: { targets: [{ provider: one, weigth: 1 }] } }",
            "models.m.targets[0].weigth: is no key of this version; did you mean weight? (line 4)"
        ),
        (
            "models: { m: { targets: [{ provider: one, weight: 1001 }] } }",
            "models.m.targets[0].weight: must be within 0 and 1000 (line 4)"
        ),
        (
            "models: { m: { targets: [{ provider: one, weight: 0 }] } }",
            "models.m.targets: must hold a target with a weight above 0 (line 4)"
        ),
        (
            "models: { m: { targets: [{ provider: one }, { provider: one, model: m }] } }",
            "models.m.targets[1].model: is the same as another target's (line 4)"
        ),
        (
            "models: { m: { provider: one, targets: [{ provider: one }] } }",
            "models.m.provider: has no place beside targets (line 4)"
        ),
        (
            "models: { m: { provider: one, fallbacks: [m] } }",
            "models.m.fallbacks: must not hold the model itself (line 4)"
        ),
        (
            "models: { m: { provider: one, fallbacks: [a, b, c, d, e, f, g, h, i] } }",
            "models.m.fallbacks: holds 9, of which a call tries at most 8 (line 4)"
        ),
    ]

    @Test("Each mistake is said with its path and line", arguments: mistaken)
    func eachMistake(yaml: String, expected: String) throws {
        #expect(mistakes(yaml) == [expected])
    }

    @Test("A list of mappings has no variable of its own")
    func listVariable() {
        let yaml = "models: { m: { targets: [{ provider: one }] } }"
        #expect(
            mistakes(yaml, ["WEIR_MODELS_M_TARGETS": "one"]).contains {
                $0.contains("as WEIR_MODELS_M_TARGETS_0_")
            })
    }

    private func mistakes(_ yaml: String, _ environment: [String: String] = [:]) -> [String] {
        do {
            _ = try read(yaml, environment)
            return []
        } catch let error as ConfigurationError {
            return error.mistakes.map(\.description)
        } catch {
            return ["\(error)"]
        }
    }
}
