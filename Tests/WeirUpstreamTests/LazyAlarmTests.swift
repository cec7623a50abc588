import NIOCore
import Testing

@testable import WeirUpstream

@Suite struct LazyAlarmTests {
    private let one = NIODeadline.uptimeNanoseconds(1)
    private let two = NIODeadline.uptimeNanoseconds(2)
    private let three = NIODeadline.uptimeNanoseconds(3)

    @Test func aLaterDeadlineCostsNothing() {
        var alarm = LazyAlarm()
        #expect(alarm.set(one) == one)
        #expect(alarm.set(three) == nil)
        #expect(alarm.rang(now: one) == .again(three))
        #expect(alarm.rang(now: three) == .due)
        #expect(alarm.rang(now: three) == .idle)
    }

    @Test func anEarlierDeadlineSetsTheTimer() {
        var alarm = LazyAlarm()
        #expect(alarm.set(three) == three)
        #expect(alarm.set(two) == two)
        #expect(alarm.rang(now: two) == .due)
    }

    @Test func aClearedDeadlineNeverComes() {
        var alarm = LazyAlarm()
        _ = alarm.set(one)
        alarm.clear()
        #expect(alarm.rang(now: one) == .idle)
        #expect(alarm.set(two) == two)
    }
}
