import Logging
import Synchronization
import WeirCore

/// Finding a batch again whose creation was sent, and of which nobody has heard.
extension BatchRunner {
    /// - Returns: whether the provider has it; nil where that can't be told yet.
    func search(
        _ batch: OpenBatch, _ provider: ProviderSetup?
    ) async throws(WeirError) -> Bool? {
        guard let provider, let dialect = provider.dialect.batch else { return nil }
        let since = batch.changedAt.advanced(by: .zero - BatchRunner.clockSkew)
        var isOpen = false
        var cursor: Slug?
        for _ in 0..<BatchRunner.pages {
            guard let page = await page(dialect.listPath(after: cursor), provider, dialect) else {
                return nil
            }
            for seen in page.batches {
                switch await isSame(seen, batch, since, provider, dialect) {
                case true?:
                    var found = batch
                    try await move(&found, to: .submitted(seen.id))
                    keep(found)
                    log(.notice, "batch found again", batch, "\(seen.id)")
                    return true
                case false?: break
                case nil: isOpen = true
                }
            }
            let oldest = page.batches.last?.createdAt ?? since
            guard let next = page.next, oldest >= since else { break }
            cursor = next
        }
        return isOpen ? nil : false
    }

    /// How far the provider's clock may be off.
    private static let clockSkew = Duration.seconds(600)
    /// Pages of the provider's list, of a hundred batches.
    private static let pages = 10
    /// Batches of others that are remembered; beyond that they are looked into again.
    private static let mostStrangers = 10_000

    private func page(
        _ path: String, _ provider: ProviderSetup, _ dialect: any ProviderBatchDialect
    ) async -> ProviderBatchPage? {
        guard let body = await parts.transport.send(get(path, provider)).success else {
            return nil
        }
        do throws(ReplyDefect) {
            return try dialect.decodeList(body)
        } catch {
            parts.logger.warning(
                "list of batches can't be read", metadata: ["reason": "\(error.reason)"])
            return nil
        }
    }

    /// By its name where the provider keeps one. Else by its results, which name its calls: until
    /// a batch of the same time and size has ended it may be the one.
    private func isSame(
        _ seen: ProviderBatch, _ batch: OpenBatch, _ since: Timestamp, _ provider: ProviderSetup,
        _ dialect: any ProviderBatchDialect
    ) async -> Bool? {
        if dialect.keepsNames { return seen.name == batch.id }
        guard seen.createdAt ?? since >= since,
            seen.calls ?? batch.calls.count == batch.calls.count,
            !knownIDs.contains(seen.id), !strangers.withLock({ $0.contains(seen.id) })
        else { return false }
        guard case .ended = seen.state else { return nil }
        let names = Set(batch.calls.map(batch.name))
        for path in dialect.resultPaths(of: seen) {
            guard var lines = await resultLines(path, provider) else { return nil }
            while let line = await lines.next() {
                // Another kind of result names none of ours.
                guard let result = try? dialect.decodeResult(line) else { continue }
                if names.contains(result.name) { return true }
                strangers.withLock { strangers in
                    if strangers.count >= BatchRunner.mostStrangers { strangers = [] }
                    strangers.insert(seen.id)
                }
                return false
            }
            guard lines.isWhole else { return nil }
        }
        return false
    }
}
