import Testing
import WeirCore
import WeirService
import WeirStorage
import WeirTesting

/// Random operations against a model that is as simple as can be, with reopening and recovery.
@Suite struct ModelTests {
    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func theStoreDoesWhatTheModelDoes(seed: UInt64) async throws {
        var random = SplitMix(seed: seed)
        let folder = try StoreFolder()
        var store = try await SQLiteStore.open(path: folder.path)
        var model = LedgerModel()
        for round in 0..<10 {
            for _ in 0..<15 {
                // A wave runs at once; its operations touch different attempts and keys.
                let wave = try model.wave(&random)
                let results = try await outcomes(of: wave, on: store)
                for (operation, result) in zip(wave, results) {
                    model.apply(operation)
                    #expect(
                        result == operation.expected, "seed \(seed), \(operation)")
                }
            }
            try await compare(store, with: model, seed: seed)
            if round % 3 == 2 {
                await store.close()
                store = try await SQLiteStore.open(path: folder.path)
                let summary = try await store.recover(now: Sample.now)
                #expect(summary == model.recover(), "seed \(seed)")
                try await compare(store, with: model, seed: seed)
            }
        }
        #expect(model.operations >= 5_000)
        #expect(try await store.verifyAudit(checkpoint: nil).isSound)
        await store.close()
    }

    private func outcomes(
        of wave: [LedgerModel.Operation], on store: SQLiteStore
    ) async throws -> [LedgerModel.Result] {
        try await withThrowingTaskGroup(of: (Int, LedgerModel.Result).self) { group in
            for (index, operation) in wave.enumerated() {
                group.addTask { (index, try await operation.run(on: store)) }
            }
            var results = [LedgerModel.Result](repeating: .refused, count: wave.count)
            for try await (index, result) in group { results[index] = result }
            return results
        }
    }

    private func compare(_ store: SQLiteStore, with model: LedgerModel, seed: UInt64) async throws {
        for tenant in LedgerModel.tenants {
            let id = try Sample.tenant(tenant)
            for name in LedgerModel.periods {
                let period = try Sample.period(name)
                let rows = try await store.rows(
                    tenant: id, period: period, below: nil, limit: 100_000)
                #expect(rows == model.rows(of: id, in: period), "seed \(seed)")
                for grouping in UsageGrouping.allCases {
                    let usage = try await store.usage(tenant: id, period: period, by: grouping)
                    #expect(usage == model.usage(of: id, in: period, by: grouping), "seed \(seed)")
                }
            }
            for key in LedgerModel.keys {
                let record = try await store.claim(tenant: id, key: key, now: Sample.now)
                #expect(record == model.claims[.init(tenant: id, key: key)], "seed \(seed)")
            }
        }
    }
}
