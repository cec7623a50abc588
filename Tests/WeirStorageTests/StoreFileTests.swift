import Foundation
import Testing
import WeirCore
import WeirService
import WeirStorage

@Suite struct StoreFileTests {
    @Test func aSecondOpenerIsRefusedByName() async throws {
        try await withStore { _, path in
            let error = await #expect(throws: StoreError.self) {
                _ = try await SQLiteStore.open(path: path)
            }
            #expect("\(try #require(error))".contains("process \(getpid())"))
            // A symbolic link is the same file.
            let link = path + ".link"
            try FileManager.default.createSymbolicLink(
                atPath: link, withDestinationPath: path)
            await #expect(throws: StoreError.self) { _ = try await SQLiteStore.open(path: link) }
        }
    }

    @Test func aClosedStoreCanBeOpenedAgainWithEverythingInIt() async throws {
        let folder = try StoreFolder()
        let row = try Sample.intent(10)
        let first = try await SQLiteStore.open(path: folder.path)
        _ = try await first.intend(row, claim: nil)
        try await first.settle(try row.settled(cost: 5), claim: nil)
        await first.close()
        await first.close()
        await #expect(throws: StoreError.self) {
            _ = try await first.intend(try Sample.intent(11), claim: nil)
        }
        await #expect(throws: StoreError.self) { _ = try await first.highestAttempt() }
        #expect(!FileManager.default.fileExists(atPath: folder.path + "-wal"))
        let second = try await SQLiteStore.open(path: folder.path)
        let found = try await second.row(tenant: row.tenant, attempt: row.attempt)
        #expect(found == (try row.settled(cost: 5)))
        await second.close()
    }

    @Test func aStoreThatNobodyHasLetsGoOfItsFile() async throws {
        let folder = try StoreFolder()
        do {
            let store = try await SQLiteStore.open(path: folder.path)
            _ = try await store.intend(try Sample.intent(10), claim: nil)
        }
        // Its threads end on their own; nothing says when, so this asks until it is so.
        var reopened: SQLiteStore?
        let start = ContinuousClock.now
        while reopened == nil, start.duration(to: .now) < .seconds(60) {
            do {
                reopened = try await SQLiteStore.open(path: folder.path)
            } catch StoreError.unavailable {
                await Task.yield()
            }
        }
        let store = try #require(reopened)
        #expect(try await store.highestAttempt() == AttemptID(number: 10))
        await store.close()
    }

    @Test func onlyTheOwnerMayReadTheFile() async throws {
        try await withStore { store, path in
            _ = try await store.intend(try Sample.intent(10), claim: nil)
            for suffix in ["", "-wal", "-shm", ".lock"] {
                let attributes = try FileManager.default.attributesOfItem(atPath: path + suffix)
                let mode = attributes[.posixPermissions] as? NSNumber
                #expect(mode?.intValue == 0o600, "\(suffix)")
            }
        }
    }

    @Test(arguments: ["", ":memory:", "file:weir.db", "/nowhere/at/all/weir.db", "/tmp"])
    func whatIsNoFileIsRefused(path: String) async {
        await #expect(throws: StoreError.self) { _ = try await SQLiteStore.open(path: path) }
    }

    @Test func whatIsNoDatabaseIsRefused() async throws {
        let folder = try StoreFolder()
        try Data(repeating: 65, count: 8_192).write(to: URL(fileURLWithPath: folder.path))
        await #expect(throws: StoreError.self) {
            _ = try await SQLiteStore.open(path: folder.path)
        }
        #expect(try fileSize(folder.path) == 8_192)
    }

    @Test func aNewerFileIsRefused() async throws {
        let folder = try StoreFolder()
        await (try SQLiteStore.open(path: folder.path)).close()
        try rawSQL(folder.path, "PRAGMA user_version = 99")
        let error = await #expect(throws: StoreError.self) {
            _ = try await SQLiteStore.open(path: folder.path)
        }
        #expect("\(try #require(error))".contains("newer version"))
    }
}
