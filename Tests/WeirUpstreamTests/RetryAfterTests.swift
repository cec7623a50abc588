import NIOHTTP1
import Testing
import WeirCore
import WeirService

@testable import WeirUpstream

@Suite struct RetryAfterTests {
    private let now = FixedTime().now()

    @Test(arguments: [
        ("0", 0), ("7", 7), ("7.2", 8), ("3600", 3_600), ("3601", 3_600), ("-5", 0),
        ("99999999999999999999999999", 3_600), ("Sun, 06 Nov 1994 08:49:47 GMT", 10),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 0), ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 3_600),
    ])
    func aWaitIsRead(_ value: String, _ seconds: Int) {
        #expect(RetryAfter.seconds(in: ["Retry-After": value], now: now) == seconds)
    }

    @Test(arguments: [
        "", " ", "soon", "1e3", "0x10", "NaN", "1.", ".5", "1.5.5", "٣", "-", "--1", "+1",
        "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
    ])
    func whatCannotBeReadIsNoWait(_ value: String) {
        #expect(RetryAfter.seconds(in: ["retry-after": value], now: now) == nil)
    }

    @Test(arguments: [("1500", 2), ("0", 0), ("1", 1), ("99999999999", 3_600), ("12.5", 1)])
    func millisecondsComeFirst(_ value: String, _ seconds: Int) {
        let headers: HTTPHeaders = ["retry-after": "30", "Retry-After-Ms": value]
        #expect(RetryAfter.seconds(in: headers, now: now) == seconds)
    }

    @Test func unreadableMillisecondsFallBackToSeconds() {
        let headers: HTTPHeaders = ["retry-after": "30", "retry-after-ms": "x"]
        #expect(RetryAfter.seconds(in: headers, now: now) == 30)
    }

    @Test(arguments: [
        ("Thu, 29 Feb 2024 12:00:00 GMT", 1_709_208_000), ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("Sat, 31 Dec 2016 23:59:60 GMT", 1_483_228_800),
    ])
    func aDateIsRead(_ text: String, _ seconds: Int64) {
        #expect(HTTPDate.parse(text) == Timestamp(milliseconds: seconds * 1_000))
    }

    @Test func aProvidersWaitReachesTheCaller() async throws {
        let reply = "HTTP/1.1 429 Slow\r\nretry-after: 12\r\ncontent-length: 0\r\n\r\n"
        try await withServer(.always(.send(reply))) { _, transport in
            let expected = UpstreamReply(status: 429, retryAfter: 12, body: [])
            #expect(await transport.send(call()) == .reply(expected))
        }
    }
}
