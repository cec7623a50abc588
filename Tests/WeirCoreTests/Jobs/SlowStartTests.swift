import Testing
import WeirCore

@Suite struct SlowStartTests {
    @Test(arguments: [
        (1, [1, 1]), (2, [1, 2, 2]), (4, [1, 2, 4, 4]), (7, [1, 2, 4, 7, 7]),
        (100, [1, 2, 4, 8, 16, 32, 64, 100]),
    ])
    func `after an outage it doubles up to its places`(places: Int, limits: [Int]) {
        var start = SlowStart(places: places)
        #expect(start.limit == places)
        start.holdBack()
        for limit in limits {
            #expect(start.limit == limit)
            start.answer()
        }
        start.holdBack()
        #expect(start.limit == 1)
    }

    @Test(arguments: [Int.min, -1, 0, Int.max])
    func `no number of places traps it`(places: Int) {
        var start = SlowStart(places: places)
        start.holdBack()
        for _ in 0..<100 { start.answer() }
        #expect(start.limit == max(places, 1))
    }
}
