import Testing
import WeirCore

@Suite struct WebhookRetriesTests {
    private let retries = WebhookRetries()

    @Test func `eight tries are spread over a day`() {
        let middle = UInt64.max / 2
        let waits = (1...7).compactMap {
            retries.wait(afterAttempt: $0, asked: nil, dice: middle)
        }
        #expect(waits.map(\.components.seconds) == [5, 25, 125, 625, 3_125, 15_625, 61_200])
        #expect(retries.wait(afterAttempt: 8, asked: nil, dice: middle) == nil)
        #expect(retries.wait(afterAttempt: .max, asked: 9, dice: middle) == nil)
    }

    @Test func `chance takes or gives a quarter`() {
        func wait(_ dice: UInt64) -> Duration? {
            retries.wait(afterAttempt: 1, asked: nil, dice: dice)
        }
        #expect(wait(0) == .milliseconds(3_750))
        #expect(wait(.max) == .milliseconds(6_250))
    }

    @Test(arguments: [(-5, 5), (0, 5), (60, 60), (1_000_000, 61_200)])
    func `what is asked for is a floor, below the longest wait`(asked: Int, seconds: Int64) {
        let wait = retries.wait(afterAttempt: 1, asked: asked, dice: UInt64.max / 2)
        #expect(wait?.components.seconds == seconds)
    }
}
