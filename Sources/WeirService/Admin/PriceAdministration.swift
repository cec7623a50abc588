package import WeirCore

/// Shows the prices in force and puts further price documents over them.
package struct PriceAdministration: Sendable {
    private let directory: Directory
    private let time: any TimeSource

    package init(directory: Directory, time: any TimeSource) {
        self.directory = directory
        self.time = time
    }

    /// The newest document's version and what every priced model costs now.
    package func list(
        by caller: Caller
    ) throws(WeirError) -> (version: String, prices: [ModelPrice]) {
        try caller.requireAdmin()
        let book = directory.snapshot.prices
        return (book.version, book.prices(at: time.now()))
    }

    /// Lays a document over the book. Calls in flight keep the price that they were pinned to.
    package func put(_ document: JSON, by caller: Caller) async throws(WeirError) {
        try caller.requireAdmin()
        let entry = AuditEntry(
            at: time.now(), actor: caller.key.description, action: "price.put",
            subject: String((document["version"]?.string ?? "").prefix(64)),
            details: ["prices": JSON(document["prices"]?.array?.count ?? 0)])
        try await directory.apply(.addPrices(document.text), audit: entry)
    }
}
