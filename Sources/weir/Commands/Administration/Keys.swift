import ArgumentParser
import WeirCore

/// Service keys: who may speak for which tenants.
struct Keys: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List, create, revoke and rotate service keys.",
        subcommands: [List.self, Create.self, Revoke.self, Rotate.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List every key, ended ones too; secrets are kept nowhere.")
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let answer = try await server.client().get("/admin/keys")
            server.print(answer) {
                var table = Table(["KEY", "NAME", "ROLE", "TENANTS", "CREATED", "ENDS"])
                for key in answer.list("keys") {
                    table.add(
                        ["key_id", "name", "role", "tenants", "created_at", "expires_at"]
                            .map(key.cell))
                }
                return table.text(empty: "There is no key. Create one: weir keys create NAME …")
            }
        }
    }

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Create a key. It is shown once and never again.",
            discussion: """
                service: calls for the tenants in its reach. tenant: the same for exactly one. \
                admin: everything.
                  weir keys create finance-service --role service --tenant 42 --tenant 43
                """)

        @Argument(help: "A name for people.") var name: String
        @Option(help: "service, tenant or admin.") var role = "service"
        @Option(
            name: .customLong("tenant"), help: "A tenant in its reach; can be repeated.")
        var tenants: [Int64] = []
        @Flag(help: "Every tenant is in its reach.") var allTenants = false
        @Option(help: "When it ends, 2026-12-31T00:00:00Z.") var expires: String?
        @OptionGroup var server: ServerOptions

        func validate() throws {
            guard tenants.isEmpty || !allTenants else {
                throw ValidationError("--tenant and --all-tenants exclude each other")
            }
            guard !tenants.isEmpty || allTenants || role == "admin" else {
                throw ValidationError("Say --tenant or --all-tenants")
            }
        }

        func run() async throws {
            var body = JSONObject()
            body.append("name", .string(name))
            body.append("role", .string(role))
            let isForAll = allTenants || tenants.isEmpty
            body.append("tenants", isForAll ? "*" : .array(tenants.map { JSON($0) }))
            if let expires { body.append("expires_at", .string(expires)) }
            let answer = try await server.client().post("/admin/keys", .object(body))
            server.print(answer) { answer.issuedKeyText }
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "End a key now. Ending an ended key changes nothing.")
        @Argument(help: "The key's id, key_…") var id: String
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let path = "/admin/keys/\(AdminClient.escape(id))"
            let answer = try await server.client().delete(path)
            server.print(answer) { "\(id) is revoked." }
        }
    }

    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Issue a successor; the old key ends after the overlap.")
        @Argument(help: "The key's id, key_…") var id: String
        @Option(help: "How long both are valid, as in 24h; at most 720h.", transform: seconds)
        var overlap: Duration = .seconds(3_600)
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let answer = try await server.client().post(
                "/admin/keys/\(AdminClient.escape(id))/rotate",
                ["overlap_seconds": JSON(overlap.components.seconds)])
            server.print(answer) {
                let end = answer["replaces"]?.cell("expires_at") ?? "-"
                return "\(answer.issuedKeyText)\n\(id) ends at \(end)."
            }
        }
    }
}

extension JSON {
    fileprivate var issuedKeyText: String {
        """
        \(Console.harmless(cell("key")))

        \(Console.harmless(cell("key_id"))), role \(cell("role")), tenants \(cell("tenants")). \
        Keep the key now: only its digest is stored.
        """
    }
}
