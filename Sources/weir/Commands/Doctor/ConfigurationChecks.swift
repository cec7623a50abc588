import WeirCore
import WeirService

/// The configuration, the price file, and whether everything configured can be priced.
enum ConfigurationChecks {
    static func sound(_ name: String, _ reading: ConfigurationReading) -> [Finding] {
        let configuration = reading.configuration
        var findings = [
            Finding.ok("configuration", "\(name), providers \(configuration.providers.count)")
        ]
        findings += reading.warnings.map { warning in
            .warn(
                "configuration", warning.description,
                warning.path.isEmpty ? "unset it, or mend it" : "change \(warning.path) in \(name)")
        }
        if configuration.adminKey == nil {
            findings.append(
                .warn(
                    "admin key", "none is configured",
                    "set admin_key, unless the database already has an admin's key"))
        }
        for provider in configuration.providers where provider.apiKey == nil {
            findings.append(
                .warn(
                    "provider \(provider.name)", "no api_key",
                    "fine for a server of your own that asks for none"))
        }
        return findings + prices(configuration)
    }

    static func mistake(_ mistake: ConfigurationMistake) -> Finding {
        .fail("configuration", mistake.description, "mend it; weir check-config checks it alone")
    }

    private static func prices(_ configuration: Configuration) -> [Finding] {
        let book: PriceBook
        do {
            book = try PriceFile.book(configuration.pricesFile)
        } catch {
            return [.fail("prices", "\(error)", "mend prices.file; weir prices check checks it")]
        }
        let now = SystemTime().now()
        let unpriced = configuration.unpriced(book, at: now)
        guard unpriced.isEmpty else {
            return unpriced.map {
                .fail("prices", $0, "a model without a price is never called")
            }
        }
        let routes = configuration.catalogue.routes(prices: book, at: now)
        let idle = configuration.providers.filter { provider in
            !routes.contains { $0.provider == provider.name }
        }
        return [.ok("prices", "version \(book.version), callable models \(routes.count)")]
            + idle.map {
                .warn(
                    "provider \($0.name)", "no model is priced as \($0.pricesAs)'s",
                    "add prices to prices.file, or set prices_as")
            }
    }
}
