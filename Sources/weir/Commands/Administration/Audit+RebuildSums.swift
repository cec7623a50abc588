import ArgumentParser
import WeirService
import WeirStorage

extension Audit {
    struct RebuildSums: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rebuild-sums",
            abstract: "Set every sum of a stopped Weir's ledger to what its rows make.",
            discussion: """
                For a Weir that doesn't start because its sums aren't its rows'. Find out first \
                who changed them, and keep a copy of the file. What is changed is written to the \
                audit log. Refused where the rows aren't what the audit chain vouches for: then \
                the file has to come back from a backup.
                """)
        @Option(help: "The database file; no Weir may have it open.", completion: .file())
        var database: String

        func run() async throws {
            let repair = try await OfflineLedger.use(database) { store throws(StoreError) in
                try await store.rebuildSums(now: SystemTime().now())
            }
            switch repair {
            case .unneeded: Console.result("Every sum is what its rows make; nothing is changed.")
            case .repaired(let differences):
                for difference in differences { Console.result(difference) }
                let count = differences.count
                Console.result("\(count == 1 ? "1 sum is" : "\(count) sums are") set anew.")
            case .refused(let reason):
                throw CommandFailure("\(database): nothing is changed: \(reason)")
            }
        }
    }
}

/// A database file that no server has open.
enum OfflineLedger {
    static func use<Value>(
        _ path: String, _ body: (SQLiteStore) async throws(StoreError) -> Value
    ) async throws -> Value {
        guard SmallFile.exists(path) else {
            throw CommandFailure("\(path): there is no such file", status: .usage)
        }
        do throws(StoreError) {
            let store = try await SQLiteStore.open(path: path)
            do throws(StoreError) {
                let value = try await body(store)
                await store.close()
                return value
            } catch {
                await store.close()
                throw error
            }
        } catch {
            throw CommandFailure("\(path): \(error.reason)")
        }
    }
}
