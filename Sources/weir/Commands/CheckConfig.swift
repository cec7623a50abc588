import ArgumentParser
import WeirCore
import WeirService

/// Reads a configuration as `serve` would, and says everything that is wrong with it.
struct CheckConfig: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-config",
        abstract: "Check the configuration and the price file without starting anything.",
        discussion: """
            Every mistake is told at once, with its path and line. Exit code 1 where there is one.

            Any key can be overridden by a variable: WEIR_ and its path in upper case, joined by _ \
            (WEIR_SERVER_PORT=9000). An empty variable counts as not set.
            """)

    @OptionGroup var source: ConfigurationOption

    @Option(help: "Check what this role needs, too: all, service, gateway or worker.")
    var role = Role.all

    @Flag(help: "Print what is in force, defaults included, secrets redacted.")
    var show = false

    @Flag(help: "Print every variable that overrides a key of this configuration.")
    var variables = false

    func run() async throws {
        let reading = try source.load()
        for warning in reading.warnings { Console.notice("warning: \(warning)") }
        do {
            try reading.configuration.require(for: role)
        } catch {
            throw CommandFailure(source.describe(error))
        }
        let book: PriceBook
        do {
            book = try PriceFile.book(reading.configuration.pricesFile)
        } catch {
            throw CommandFailure("prices.file: \(error)")
        }
        let unpriced = reading.configuration.unpriced(book, at: SystemTime().now())
        guard unpriced.isEmpty else { throw CommandFailure(unpriced.joined(separator: "\n")) }
        if variables {
            var table = Table(["VARIABLE", "KEY"])
            for variable in reading.variables { table.add([variable.name, variable.path]) }
            Console.result(table.text())
        }
        if show { Console.result(reading.configuration.listing) }
        guard !show, !variables else { return }
        let (providers, models) = (
            reading.configuration.providers.count, reading.configuration.models.count
        )
        let pools = reading.configuration.gateway.pools.count
        let gateway = pools == 0 ? "" : "pools \(pools), "
        Console.result(
            "\(source.name) is sound: \(gateway)providers \(providers), named models \(models), "
                + "price version \(book.version).")
    }
}

extension Configuration {
    /// What can't be called for want of a price, with the key that says so.
    func unpriced(_ book: PriceBook, at now: Timestamp) -> [String] {
        let catalogue = catalogue
        var unpriced: [String] = []
        for model in models {
            for (index, target) in model.targets.enumerated() {
                do {
                    _ = try catalogue.route(model.name, to: target, book, now)
                } catch {
                    let place = model.targets.count == 1 ? "" : ".targets[\(index)]"
                    unpriced.append(
                        "models.\(model.name)\(place): \(error.message); add it to prices.file")
                }
            }
            for (index, name) in model.fallbacks.enumerated() {
                do {
                    _ = try catalogue.route(name, prices: book, at: now)
                } catch {
                    unpriced.append(
                        "models.\(model.name).fallbacks[\(index)]: \(error.message); "
                            + "name a priced model of a configured provider")
                }
            }
        }
        return unpriced
    }
}
