import Logging
import Synchronization
import WeirCore
import WeirService

/// Reads the configuration again while calls run, and puts in force what can change. One with
/// mistakes changes nothing.
final class ConfigurationReload: Sendable {
    typealias Source = @Sendable () throws(ConfigurationError) -> ConfigurationReading
    typealias Preparation =
        @Sendable (Configuration) throws(ConfigurationError) ->
        @Sendable () async -> Void

    private let source: Source
    private let role: Role
    private let running: Mutex<Configuration>
    private let store: any DirectoryStore
    private let time: any TimeSource
    private let prepare: Preparation
    private let turns = SerialGate()
    private let logger = Logger(label: "weir.reload")

    /// - Parameters:
    ///   - running: what is in force.
    ///   - source: reads the file anew, with the environment.
    ///   - prepare: makes ready what `Configuration.adopting` takes over, and returns what puts it
    ///     in force.
    init(
        running: Configuration, as role: Role, source: @escaping Source,
        store: any DirectoryStore, time: any TimeSource,
        prepare: @escaping Preparation
    ) {
        self.running = Mutex(running)
        self.role = role
        self.source = source
        self.store = store
        self.time = time
        self.prepare = prepare
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
        let old = running.withLock { $0 }
        let (next, merged, apply) = try await read(over: old)
        let report = ReloadReport(
            applied: merged.differences(from: old), needsRestart: next.differences(from: merged))
        try await record(report, actor: actor)
        await apply()
        running.withLock { $0 = merged }
        logger.notice(
            "the configuration was reloaded",
            metadata: [
                "applied": "\(report.applied.joined(separator: " "))",
                "needs_restart": "\(report.needsRestart.joined(separator: " "))",
            ])
        return report
    }

    /// What the file says, what of it is to be in force, and what makes it so.
    private func read(
        over old: Configuration
    ) async throws(WeirError) -> (Configuration, Configuration, @Sendable () async -> Void) {
        do {
            return try await blocking { [self] () throws(ConfigurationError) in
                let reading = try source()
                try reading.configuration.require(for: role)
                for warning in reading.warnings { logger.warning("\(warning)") }
                let merged = old.adopting(reading.configuration)
                return (reading.configuration, merged, try prepare(merged))
            }
        } catch {
            throw WeirError(.invalidRequest, ConfigurationReload.text(error.mistakes))
        }
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
