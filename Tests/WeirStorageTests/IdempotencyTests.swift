import Testing
import WeirCore
import WeirService
import WeirStorage

@Suite struct IdempotencyTests {
    private let reply = StoredReply(status: 200, body: Array("answer".utf8))

    @Test func aHeldKeyLetsNothingBeWritten() async throws {
        try await withStore { store, path in
            let claim = try Sample.claim("k")
            let first = try Sample.intent(1)
            #expect(try await store.intend(first, claim: claim) == .claimed)
            let other = try Sample.claim("k", fingerprint: 2)
            for again in [claim, other] {
                let outcome = try await store.intend(try Sample.intent(2), claim: again)
                let expected = IdempotencyRecord(
                    fingerprint: claim.fingerprint, request: first.request, reply: nil)
                #expect(outcome == .existing(expected))
            }
            #expect(try rawIntegers(path, "SELECT attempt_id FROM open_attempts") == [[1]])
            try await store.settle(
                try first.settled(cost: 1), claim: .complete(claim, reply))
            let outcome = try await store.intend(try Sample.intent(2), claim: claim)
            let expected = IdempotencyRecord(
                fingerprint: claim.fingerprint, request: first.request, reply: reply)
            #expect(outcome == .existing(expected))
        }
    }

    @Test func oneOfManyGetsTheKey() async throws {
        try await withStore { store, path in
            let claim = try Sample.claim("k")
            let winners = Counter()
            try await concurrently(Array(1...200)) { number in
                let row = try Sample.intent(Int64(number))
                if case .claimed = try await store.intend(row, claim: claim) { winners.add(1) }
            }
            #expect(winners.value == 1)
            #expect(try rawIntegers(path, "SELECT count(*) FROM open_attempts") == [[1]])
        }
    }

    @Test func tenantsHaveKeysOfTheirOwn() async throws {
        try await withStore { store, _ in
            for tenant in [1, 2] as [Int64] {
                let claim = try Sample.claim("k", tenant: tenant)
                let row = try Sample.intent(tenant, tenant: tenant)
                #expect(try await store.intend(row, claim: claim) == .claimed)
            }
        }
    }

    @Test func aFreedKeyIsFree() async throws {
        try await withStore { store, _ in
            let claim = try Sample.claim("k")
            let row = try Sample.intent(1)
            _ = try await store.intend(row, claim: claim)
            try await store.settle(row.voided(), claim: .free(claim))
            let record = try await store.claim(tenant: claim.tenant, key: "k", now: Sample.now)
            #expect(record == nil)
            #expect(try await store.intend(try Sample.intent(2), claim: claim) == .claimed)
            // The settled request has no say in the key any more.
            try await store.settle(row.voided(), claim: .free(claim))
            let held = try await store.claim(tenant: claim.tenant, key: "k", now: Sample.now)
            #expect(held?.request.description == "req_2")
        }
    }

    @Test func anotherRequestsClaimIsLeftAlone() async throws {
        try await withStore { store, _ in
            let claim = try Sample.claim("k")
            _ = try await store.intend(try Sample.intent(1), claim: claim)
            let other = try Sample.intent(2)
            _ = try await store.intend(other, claim: nil)
            try await store.settle(try other.settled(cost: 1), claim: .free(claim))
            let held = try await store.claim(tenant: claim.tenant, key: "k", now: Sample.now)
            #expect(held?.request.description == "req_1")
        }
    }

    @Test func aSecondSettlementHasNoSayInTheKey() async throws {
        try await withStore { store, _ in
            let claim = try Sample.claim("k")
            let row = try Sample.intent(1)
            _ = try await store.intend(row, claim: claim)
            try await store.settle(try row.settled(cost: 1), claim: nil)
            for resolution in [.complete(claim, reply), .free(claim)] as [ClaimResolution] {
                try await store.settle(try row.settled(cost: 1), claim: resolution)
                let held = try await store.claim(
                    tenant: claim.tenant, key: "k", now: Sample.now)
                #expect(held?.request == row.request && held?.reply == nil)
            }
        }
    }

    @Test func anAnswerExpiresAndACallInFlightDoesNot() async throws {
        try await withStore { store, _ in
            let claim = try Sample.claim("k", expires: 10)
            let row = try Sample.intent(1)
            _ = try await store.intend(row, claim: claim)
            var later = try Sample.intent(2)
            later.createdAt = Sample.now.advanced(seconds: 11)
            guard case .existing = try await store.intend(later, claim: claim) else {
                Issue.record("a key in flight was taken by time alone")
                return
            }
            try await store.settle(try row.settled(cost: 1), claim: .complete(claim, reply))
            let before = Sample.now.advanced(seconds: 9)
            let kept = try await store.claim(tenant: claim.tenant, key: "k", now: before)
            #expect(kept?.reply == reply)
            let gone = try await store.claim(
                tenant: claim.tenant, key: "k", now: later.createdAt)
            #expect(gone == nil)
            #expect(try await store.intend(later, claim: claim) == .claimed)
            let renewed = try await store.claim(
                tenant: claim.tenant, key: "k", now: Sample.now)
            #expect(renewed?.request == later.request && renewed?.reply == nil)
        }
    }

    @Test func aRequestsNextAttemptKeepsItsKey() async throws {
        try await withStore { store, _ in
            let claim = try Sample.claim("k")
            let first = try Sample.intent(1)
            _ = try await store.intend(first, claim: claim)
            try await store.settle(first.voided(), claim: nil)
            let second = try Sample.intent(2, request: "req_1", number: 2)
            #expect(try await store.intend(second, claim: claim) == .claimed)
        }
    }

    @Test func expiredAnswersGoAwayInTime() async throws {
        try await withStore { store, path in
            for number in 1...600 as ClosedRange<Int64> {
                let claim = try Sample.claim("key-\(number)", expires: number)
                var row = try Sample.intent(number)
                row.createdAt = Sample.now.advanced(seconds: number - 1)
                _ = try await store.intend(row, claim: claim)
                try await store.settle(
                    try row.settled(cost: 1, at: row.createdAt), claim: .complete(claim, reply))
            }
            let left = try rawIntegers(path, "SELECT count(*) FROM idempotency")[0][0]
            #expect(left < 200, "\(left) of 600 records are still there")
        }
    }

    @Test func anAdjustmentIsWrittenOnceUnderItsKey() async throws {
        let folder = try StoreFolder()
        var store = try await SQLiteStore.open(path: folder.path)
        let row = try Sample.intent(1)
        _ = try await store.intend(row, claim: nil)
        let settled = try row.settled(cost: 500)
        try await store.settle(settled, claim: nil)
        let claim = try Sample.claim("credit")
        let reply = StoredReply(status: 201, body: Array("{}".utf8))
        var first = settled.adjusted(2, by: -100)
        first.request = try #require(RequestID("req_a"))
        var second = settled.adjusted(3, by: -100)
        second.request = try #require(RequestID("req_b"))
        #expect(
            try await store.adjust(first, audit: Sample.audit(), claim: claim, reply: reply)
                == .claimed)
        await store.close()
        store = try await SQLiteStore.open(path: folder.path)
        _ = try await store.recover(now: Sample.now)
        let held = IdempotencyRecord(
            fingerprint: claim.fingerprint, request: first.request, reply: reply)
        #expect(
            try await store.adjust(second, audit: Sample.audit(), claim: claim, reply: reply)
                == .existing(held))
        let none = try await store.adjust(
            second, audit: Sample.audit(), claim: nil, reply: reply)
        #expect(none == .claimed)
        let usage = try await store.usage(
            tenant: row.tenant, period: row.date.period, by: .user)
        #expect(usage.totals.cost == Money(nanos: 300))
        #expect(try await store.verifyAudit(checkpoint: nil).isSound)
        await store.close()
    }
}
