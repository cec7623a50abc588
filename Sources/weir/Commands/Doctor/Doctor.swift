import ArgumentParser
import Foundation
import WeirCore

/// Checks everything that a start needs, and says how to mend each thing.
struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check everything that a start needs, and say how to mend it.",
        discussion: """
            Changes nothing, but opens the database as a start would, which brings an older schema \
            up to date. Exit code 1 where a check fails; warnings don't count.
            """)

    @OptionGroup var source: ConfigurationOption

    @Flag(help: "Don't call providers and instances.")
    var offline = false

    @Option(help: "How long a provider or an instance may take to answer.", transform: seconds)
    var timeout: Duration = .seconds(5)

    @Flag(help: "Print JSON instead of a table.")
    var json = false

    func run() async throws {
        var findings: [Finding] = []
        do {
            let reading = try source.read()
            findings += ConfigurationChecks.sound(source.name, reading)
            findings += await StorageChecks.all(reading.configuration.storage.sqlitePath)
            findings += MachineChecks.all()
            findings += await NetworkChecks.port(reading.configuration.server)
            if !offline {
                findings += await NetworkChecks.providers(
                    reading.configuration.providers, timeout: timeout)
                findings += await InstanceChecks.all(
                    reading.configuration.gateway, timeout: timeout)
            }
        } catch {
            findings += error.mistakes.map(ConfigurationChecks.mistake) + MachineChecks.all()
        }
        Console.result(json ? Finding.json(findings).text : Finding.text(findings))
        let failures = findings.count { $0.outcome == .fail }
        guard failures == 0 else {
            throw CommandFailure(failures == 1 ? "A check failed." : "\(failures) checks failed.")
        }
    }
}

/// What one check found.
struct Finding {
    let check: String
    let outcome: Outcome
    let detail: String
    /// What to do about it; empty where nothing is to be done.
    let remedy: String

    enum Outcome: String { case ok, warn, fail }

    static func ok(_ check: String, _ detail: String) -> Finding {
        Finding(check: check, outcome: .ok, detail: detail, remedy: "")
    }

    static func warn(_ check: String, _ detail: String, _ remedy: String) -> Finding {
        Finding(check: check, outcome: .warn, detail: detail, remedy: remedy)
    }

    static func fail(_ check: String, _ detail: String, _ remedy: String) -> Finding {
        Finding(check: check, outcome: .fail, detail: detail, remedy: remedy)
    }

    /// A table of all, and under it what is to be done.
    static func text(_ findings: [Finding]) -> String {
        var table = Table(["", "CHECK", "FOUND"])
        for finding in findings {
            table.add([finding.outcome.rawValue, finding.check, finding.detail])
        }
        let remedies = findings.filter { !$0.remedy.isEmpty }.map {
            Console.harmless("\($0.outcome.rawValue)  \($0.check): \($0.remedy)")
        }
        guard !remedies.isEmpty else { return "\(table.text())\n\nReady to start." }
        return "\(table.text())\n\nWhat to do:\n\(remedies.joined(separator: "\n"))"
    }

    static func json(_ findings: [Finding]) -> JSON {
        [
            "checks": .array(
                findings.map { finding in
                    [
                        "check": .string(finding.check),
                        "outcome": .string(finding.outcome.rawValue),
                        "detail": .string(finding.detail), "remedy": .string(finding.remedy),
                    ]
                })
        ]
    }
}
