import ArgumentParser
import WeirCore

/// The audit log, and the proof that nobody has touched it.
struct Audit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Read the audit log and verify its chain.",
        subcommands: [List.self, Verify.self, Checkpoint.self, RebuildSums.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Entries, newest first.")
        @OptionGroup var page: PageOptions
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let answer = try await server.client().get("/admin/audit", page.query)
            server.print(answer) {
                var table = Table([
                    "ENTRY>", "AT", "ACTOR", "ACTION", "TENANT>", "SUBJECT", "DETAILS",
                ])
                for entry in answer.list("entries") {
                    table.add(
                        [
                            "sequence", "at", "actor", "action", "tenant_id", "subject", "details",
                        ].map(entry.cell))
                }
                return table.text(empty: "The audit log is empty.")
            }
            page.hint(answer, server)
        }
    }

    struct Checkpoint: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Verify the chain and note its head, to be kept outside of the database.",
            discussion: """
                Without a checkpoint, a cut tail or a wholly rewritten log can't be seen.
                  weir audit checkpoint > checkpoint.json
                  weir audit verify --checkpoint checkpoint.json
                """)
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let verdict = try await server.client().get("/admin/audit/verify")
            try AuditReport.requireSound(verdict)
            guard let head = verdict["head"], !head.isNull else {
                throw CommandFailure("The audit log is empty: there is nothing to note.")
            }
            Console.result(head.text)
        }
    }
}

/// A verdict in words.
enum AuditReport {
    static func requireSound(_ verdict: JSON) throws(CommandFailure) {
        guard verdict["sound"]?.bool == true else {
            let (entry, reason) = (verdict.cell("broken_at"), verdict.cell("reason"))
            throw CommandFailure(
                Console.harmless("The ledger is BROKEN at audit entry \(entry): \(reason)"))
        }
    }

    static func text(_ verdict: JSON) -> String {
        let entries = verdict.cell("entries")
        guard let head = verdict["head"], !head.isNull else { return "The audit log is empty." }
        return "The ledger is sound: \(entries) audit entries, head \(head.cell("sequence")) "
            + Console.harmless(head.cell("hash"))
    }
}
