import Logging
import Synchronization
import WeirCore
import WeirService

/// Reads the configuration again while calls run, and puts in force what can change. One with
/// mistakes changes nothing.
final class ConfigurationReload: Sendable {
    typealias Source = @Sendable () throws(ConfigurationError) -> ConfigurationReading

    private let source: Source
    private let role: Role
    private let running: Mutex<Configuration>
    private let store: any DirectoryStore
    private let time: any TimeSource
    private let apply: @Sendable (Configuration) async -> Void
    private let turns = SerialGate()
    private let logger = Logger(label: "weir.reload")

    /// - Parameters:
    ///   - running: what is in force.
    ///   - source: reads the file anew, with the environment.
    ///   - apply: puts in force what `Configuration.adopting` takes over.
    init(
        running: Configuration, as role: Role, source: @escaping Source,
        store: any DirectoryStore, time: any TimeSource,
        apply: @escaping @Sendable (Configuration) async -> Void
    ) {
        self.running = Mutex(running)
        self.role = role
        self.source = source
        self.store = store
        self.time = time
        self.apply = apply
    }

    /// - Throws: `invalid_request` with every mistake of the configuration; what the audit log
    ///   can't be told isn't done.
    @Sendable func reload(by caller: Caller) async throws(WeirError) -> ReloadReport {
        try caller.requireAdmin()
        return try await reload(actor: caller.key.description)
    }

    /// For a signal, whose sender nobody knows.
    func reloadOnSignal() async {
        do {
            _ = try await reload(actor: Slug.operatorKey.description)
        } catch {
            logger.error("the configuration was not reloaded: \(error.message)")
        }
    }

    private func reload(actor: String) async throws(WeirError) -> ReloadReport {
        await turns.enter()
        defer { turns.leave() }
        let next = try read()
        let old = running.withLock { $0 }
        let merged = old.adopting(next)
        let report = ReloadReport(
            applied: merged.differences(from: old), needsRestart: next.differences(from: merged))
        try await record(report, actor: actor)
        await apply(merged)
        running.withLock { $0 = merged }
        logger.notice(
            "the configuration was reloaded",
            metadata: [
                "applied": "\(report.applied.joined(separator: " "))",
                "needs_restart": "\(report.needsRestart.joined(separator: " "))",
            ])
        return report
    }

    private func read() throws(WeirError) -> Configuration {
        let reading: ConfigurationReading
        do {
            reading = try source()
            try reading.configuration.require(for: role)
        } catch {
            throw WeirError(.invalidRequest, ConfigurationReload.text(error.mistakes))
        }
        for warning in reading.warnings { logger.warning("\(warning)") }
        return reading.configuration
    }

    private func record(_ report: ReloadReport, actor: String) async throws(WeirError) {
        let entry = AuditEntry(
            at: time.now(), actor: actor, action: "config.reload", subject: "configuration",
            details: [
                "applied": .array(report.applied.map { .string($0) }),
                "needs_restart": .array(report.needsRestart.map { .string($0) }),
            ])
        do {
            try await store.append(entry)
        } catch {
            throw WeirError(error)
        }
    }

    private static let mostMistakes = 50

    private static func text(_ mistakes: [ConfigurationMistake]) -> String {
        let count = mistakes.count
        let head = "The configuration has \(count == 1 ? "a mistake" : "\(count) mistakes"): "
        let rest = count > mostMistakes ? "; and \(count - mostMistakes) more" : ""
        let shown = mistakes.prefix(mostMistakes).map(\.description)
        return head + shown.joined(separator: "; ") + rest
    }
}
