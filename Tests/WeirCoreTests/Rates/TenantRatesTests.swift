import Testing
import WeirCore

@Suite struct TenantRatesTests {
    private let limit = RateLimit(perMinute: 60, burst: 1)

    @Test func `each tenant has its own`() throws {
        var rates = TenantRates(limit: limit)
        let (one, other) = (try tenant(1), try tenant(2))
        for _ in 0..<2 { #expect(!rates.admit(one, at: at(0)).isRefused) }
        #expect(rates.admit(one, at: at(0)).isRefused)
        #expect(!rates.admit(other, at: at(0)).isRefused)
        rates.giveBack(try tenant(3))
        rates.giveBack(one)
        #expect(!rates.admit(one, at: at(0)).isRefused)
    }

    @Test func `tenants that have rested make room, the others are remembered`() throws {
        var rates = TenantRates(limit: limit, capacity: 4)
        for number in 1...4 { _ = rates.admit(try tenant(number), at: at(0)) }
        for _ in 0..<2 { _ = rates.admit(try tenant(4), at: at(1_000)) }
        _ = rates.admit(try tenant(5), at: at(1_000))
        #expect(rates.count == 2)
        #expect(rates.admit(try tenant(4), at: at(1_000)).isRefused)
    }

    @Test func `where none has rested those go first that are nearest to it`() throws {
        var rates = TenantRates(limit: limit, capacity: 4)
        for number in [1, 2, 3, 4, 2, 4] { _ = rates.admit(try tenant(number), at: at(0)) }
        _ = rates.admit(try tenant(5), at: at(0))
        #expect(rates.count == 3)
        for number in [2, 4] { #expect(rates.admit(try tenant(number), at: at(0)).isRefused) }
    }

    @Test func `there are never more than the bound`() throws {
        var rates = TenantRates(limit: limit, capacity: 100)
        for number in 1...2_000 {
            _ = rates.admit(try tenant(number), at: at(Int64(number)))
            #expect(rates.count <= 100)
        }
    }

    private func tenant(_ number: Int) throws -> TenantID {
        try #require(TenantID(Int64(number)))
    }
}

private func at(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds) }
