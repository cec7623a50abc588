import ArgumentParser
import WeirCore
import WeirService

/// The price book.
struct Prices: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List prices, check a price document, put one in force.",
        subcommands: [List.self, Check.self, Put.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "What every priced model costs now, in USD per million tokens.")
        @Option(help: "Only this provider's.") var provider: String?
        @Option(help: "Only models whose name contains this.") var model: String?
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let answer = try await server.client().get("/admin/prices")
            server.print(answer) {
                var table = Table([
                    "PROVIDER", "MODEL", "INPUT>", "OUTPUT>", "CACHE READ>", "CACHE WRITE>",
                    "WINDOW>", "VERSION",
                ])
                for price in answer.list("prices") where isWanted(price) {
                    let rates = price["usd_per_million"] ?? .null
                    table.add([
                        price.cell("provider"), price.cell("model"), rates.cell("input"),
                        rates.cell("output"), rates.cell("cache_read"),
                        rates.cell("cache_write_5m"), price.cell("context_window"),
                        price.cell("price_version"),
                    ])
                }
                return table.text(empty: "No price matches.")
            }
        }

        private func isWanted(_ price: JSON) -> Bool {
            let isOfProvider = provider == nil || price["provider"]?.string == provider
            return isOfProvider && (model.map { price.cell("model").contains($0) } ?? true)
        }
    }

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check a price document, YAML or JSON, without a server.")
        @Argument(help: "The file.", completion: .file()) var file: String

        func run() async throws {
            do {
                let (document, book) = try PriceFile.read(file)
                let count = document["prices"]?.array?.count ?? 0
                Console.result("\(file) is sound: version \(book.version), prices \(count).")
            } catch {
                throw CommandFailure("\(error)")
            }
        }
    }

    struct Put: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lay a price document over the book of a running Weir.",
            discussion: """
                In force for the next call, kept in the database; calls in flight keep the price \
                that they began with. History never changes.
                """)
        @Argument(help: "The file, YAML or JSON.", completion: .file()) var file: String
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let document: JSON
            do {
                document = try PriceFile.read(file).document
            } catch {
                throw CommandFailure("\(error)")
            }
            let answer = try await server.client().put("/admin/prices", document)
            server.print(answer) { "Version \(answer.cell("version")) is in force." }
        }
    }
}
