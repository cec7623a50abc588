import Foundation
import Testing
import WeirCore
import WeirService
import WeirTesting

@Suite struct TextTests {
    @Test(arguments: [
        (0, "1970-01-01T00:00:00Z"), (1_776_254_400_000, "2026-04-15T12:00:00Z"),
        (951_782_400_001, "2000-02-29T00:00:00.001Z"), (-1, "1969-12-31T23:59:59.999Z"),
        (4_107_542_399_000, "2100-02-28T23:59:59Z"), (253_402_300_799_000, "9999-12-31T23:59:59Z"),
    ])
    func `moments are written as RFC 3339`(milliseconds: Int64, text: String) {
        #expect(Timestamp(milliseconds: milliseconds).rfc3339 == text)
        if milliseconds >= 0 {
            #expect(Timestamp(rfc3339: text)?.milliseconds == milliseconds)
        }
    }

    @Test func `writing agrees with Foundation over four centuries`() {
        for day in stride(from: 0, through: 146_097, by: 13) {
            let date = Date(timeIntervalSince1970: Double(day) * 86_400)
            let expected = date.formatted(.iso8601)
            #expect(Timestamp(milliseconds: Int64(day) * 86_400_000).rfc3339 == expected)
        }
    }

    @Test(arguments: [
        "", "2026-04-15", "2026-04-15T12:00:00", "2026-04-15T12:00:00+00:00",
        "2026-04-15 12:00:00Z", "2026-04-15t12:00:00z", "2026-02-29T12:00:00Z",
        "2026-04-15T24:00:00Z", "2026-04-15T12:60:00Z", "2026-04-15T12:00:60Z",
        "2026-04-15T12:00:00.Z", "2026-04-15T12:00:00,5Z", "2026-4-15T12:00:00Z",
        "２026-04-15T12:00:00Z", "2026-04-15T12:00:00.12345678901234567890123Z",
    ])
    func `other texts are no moments`(text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test func `a fraction is cut to milliseconds`() {
        #expect(
            Timestamp(rfc3339: "1970-01-01T00:00:00.1239999Z") == Timestamp(milliseconds: 123))
        #expect(Timestamp(rfc3339: "1970-01-01T00:00:00.5Z") == Timestamp(milliseconds: 500))
    }

    @Test func `request ids sort by time and never repeat`() throws {
        let time = ManualTime()
        let ids = TimeOrderedText(time: time)
        var seen = Set<String>()
        var last = ""
        for _ in 0..<1_000 {
            let id = ids.requestID().description
            #expect(id.wholeMatch(of: /req_[0-7][0-9a-hjkmnp-tv-z]{25}/) != nil)
            #expect(seen.insert(id).inserted)
            #expect(id.prefix(14) >= last.prefix(14))
            last = id
            time.advance(seconds: 1)
        }
    }
}
