import ArgumentParser
import WeirCore

extension Tenants {
    struct Put: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Create a tenant, or change what is given and keep the rest.",
            discussion: """
                A new tenant is inactive with a budget of zero unless you say otherwise:
                  weir tenants put 42 --name "Acme" --tier growth --active --budget 10
                """)

        @Argument(help: "The tenant's number.") var tenant: Int64
        @Option(help: "A name for people.") var name: String?
        @Option(help: "starter, growth or enterprise.") var tier: String?
        @Flag(inversion: .prefixedNo, help: "Whether the AI module is active.") var active: Bool?
        @Option(help: "When the module ends, 2026-12-31T00:00:00Z, or never.") var expires: String?
        @Option(help: "The monthly hard cap in USD; 0 blocks.", transform: money)
        var budget: Money?
        @Flag(help: "No monthly cap.") var unlimited = false
        @Option(help: "An IANA time zone, whose months the budgets follow.") var timezone: String?
        @Option(
            name: .customLong("feature"),
            help: "slug=on or slug=off, * for all others; replaces every switch; can be repeated.")
        var features: [String] = []
        @Option(
            name: .customLong("user-budget"),
            help: "user=USD, * for all others; replaces every user's cap; can be repeated.")
        var userBudgets: [String] = []
        @Option(
            name: .customLong("feature-budget"),
            help: "slug=USD, * for all others; replaces every feature's cap; can be repeated.")
        var featureBudgets: [String] = []
        @Option(
            name: .customLong("key-budget"),
            help: "key id=USD, * for all others; replaces every key's cap; can be repeated.")
        var keyBudgets: [String] = []
        @Option(
            name: .customLong("model"),
            help: "A model that it may call; replaces the list; can be repeated.")
        var models: [String] = []
        @Flag(help: "Let it call every priced model.") var allModels = false
        @OptionGroup(title: "Limits in the place of its tier's; 0: none; those given replace all")
        var limits: OwnLimits
        @OptionGroup var server: ServerOptions

        func validate() throws {
            guard budget == nil || !unlimited else {
                throw ValidationError("--budget and --unlimited exclude each other")
            }
            guard models.isEmpty || !allModels else {
                throw ValidationError("--model and --all-models exclude each other")
            }
            guard !limits.tierLimits || limits.given.members.isEmpty else {
                throw ValidationError("--tier-limits excludes limits of its own")
            }
            _ = try change()
        }

        func run() async throws {
            let answer = try await server.client().put("/admin/tenants/\(tenant)", change())
            server.print(answer) { answer.tenantText }
        }

        /// The fields that were given, as the interface has them.
        func change() throws -> JSON {
            var change = JSONObject()
            if let name { change.append("name", .string(name)) }
            if let tier { change.append("tier", .string(tier)) }
            if let active { change.append("is_active", .bool(active)) }
            if let expires {
                change.append("expires_at", expires == "never" ? .null : .string(expires))
            }
            if let budget { change.append("budget_usd", .number(budget.exactUSD)) }
            if unlimited { change.append("unlimited", true) }
            if let timezone { change.append("timezone", .string(timezone)) }
            if !features.isEmpty {
                change.append("features", try table(features, "--feature", onOff))
            }
            let budgets = try budgets()
            if !budgets.members.isEmpty { change.append("budgets", .object(budgets)) }
            if !models.isEmpty || allModels {
                change.append("models", .array(models.map { .string($0) }))
            }
            let own = limits.given
            if limits.tierLimits { change.append("limits", .null) }
            if !own.members.isEmpty { change.append("limits", .object(own)) }
            return .object(change)
        }

        private func budgets() throws -> JSONObject {
            var budgets = JSONObject()
            for (name, option, list) in [
                ("users", "--user-budget", userBudgets),
                ("features", "--feature-budget", featureBudgets),
                ("keys", "--key-budget", keyBudgets),
            ] where !list.isEmpty {
                let caps = try table(list, option) { text in
                    Money(decimalUSD: text).map { .number($0.exactUSD) }
                }
                budgets.append(name, caps)
            }
            return budgets
        }

        private func onOff(_ text: String) -> JSON? {
            switch text {
            case "on": true
            case "off": false
            default: nil
            }
        }

        private func table(
            _ list: [String], _ option: String, _ read: (String) -> JSON?
        ) throws -> JSON {
            var object = JSONObject()
            for item in list {
                let parts = item.split(separator: "=", maxSplits: 1).map(String.init)
                guard parts.count == 2, let value = read(parts[1]) else {
                    throw ValidationError("\(option) \(item): must be as in its help")
                }
                guard object[parts[0]] == nil else {
                    throw ValidationError("\(option) \(item): \(parts[0]) is given twice")
                }
                object.append(parts[0], value)
            }
            return .object(object)
        }
    }
}

/// What a tenant may ask for in the place of its tier's figures.
struct OwnLimits: ParsableArguments {
    @Option(help: "Calls a minute.") var perMinute: Int?
    @Option(help: "Calls that may come at once beyond that.") var burst: Int?
    @Option(help: "Tokens a minute, read and generated.") var tokensPerMinute: Int?
    @Option(help: "Calls in flight.") var concurrent: Int?
    @Flag(help: "Its tier's figures again.") var tierLimits = false

    var given: JSONObject {
        var limits = JSONObject()
        for (name, figure) in [
            ("per_minute", perMinute), ("burst", burst), ("tokens_per_minute", tokensPerMinute),
            ("concurrent", concurrent),
        ] {
            if let figure { limits.append(name, JSON(figure)) }
        }
        return limits
    }
}

/// Reads an amount argument.
@Sendable func money(_ text: String) throws -> Money {
    guard let money = Money(decimalUSD: text) else {
        throw ValidationError("must be USD as a decimal with at most nine places, as in 12.50")
    }
    return money
}
