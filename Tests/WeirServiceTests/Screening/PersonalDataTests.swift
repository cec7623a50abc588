import Testing
import WeirCore

@testable import WeirService

@Suite struct PersonalDataTests {
    @Test(arguments: [
        ("4111 1111 1111 1111", "[card]"),
        ("pay with 4111-1111-1111-1111, exp 12/27", "pay with [card], exp 12/27"),
        ("4111111111111111", "[card]"),
        ("4222222222222", "[card]"),
        ("378282246310005", "[card]"), ("3782 822463 10005", "[card]"),
        ("30569309025904", "[card]"), ("3056 930902 5904", "[card]"),
        ("6011111111111117", "[card]"), ("3530111333300000", "[card]"),
        ("5555 5555 5555 4444 123", "[card] 123"),
        ("2223003122003222 and 6250941006528599", "[card] and [card]"),
        ("卡号4111111111111111。", "卡号[card]。"),
        ("Visa4111111111111111", "Visa[card]"),
        // Luhn fails, wrong issuer, part of a longer run, too short, a fraction.
        ("4111 1111 1111 1112", "4111 1111 1111 1112"),
        ("1111111111111117", "1111111111111117"),
        ("41111111111111110", "41111111111111110"),
        ("94111111111111111", "94111111111111111"),
        ("00004111111111111111", "00004111111111111111"),
        ("411111111111", "411111111111"),
        ("0.4111111111111111", "0.4111111111111111"),
        ("4111 11111111 1111", "4111 11111111 1111"),
        ("4111 1111-1111 1111", "4111 1111-1111 1111"),
        ("0000000000000000", "0000000000000000"),
    ])
    func `cards are scrubbed`(_ text: String, _ expected: String) throws {
        #expect(try scrubbed(text) == expected)
    }

    @Test(arguments: [
        ("john.doe+x@example.co.uk", "[email]"),
        ("Mail <jane@example.com>, please.", "Mail <[email]>, please."),
        ("联系john@example.com。", "联系[email]。"),
        ("mailto:a@b.io?subject=x", "mailto:[email]?subject=x"),
        ("a@b.io,c@d.io;e@f.io", "[email],[email];[email]"),
        ("end of sentence a@b.io.", "end of sentence [email]."),
        ("...john@example.com", "...[email]"),
        (
            "price @ 5.00, @handle, a@b, a@1.2, a@@b.io @",
            "price @ 5.00, @handle, a@b, a@1.2, a@@b.io @"
        ),
        ("0772123456@example.com", "[email]"),
    ])
    func `addresses are scrubbed`(_ text: String, _ expected: String) throws {
        #expect(try scrubbed(text) == expected)
    }

    @Test(arguments: [
        ("+256772123456", "[phone]"), ("+256 772 123 456", "[phone]"),
        ("Tel. +49 (0) 30 1234-567.", "Tel. [phone]."), ("+1 (415) 555-0132", "[phone]"),
        ("00256 772 123 456", "[phone]"), ("00256772123456", "[phone]"),
        ("0772 123 456", "[phone]"), ("0772123456", "[phone]"), ("030/1234567", "[phone]"),
        ("(020) 7946 0958", "[phone]"), ("01 23 45 67 89", "[phone]"),
        ("0151 12345678", "[phone]"), ("(11) 91234-5678", "[phone]"),
        ("415-555-0132", "[phone]"), ("415.555.0132", "[phone]"), ("1-800-555-0199", "[phone]"),
        ("(415) 555-0132 ext. 5", "[phone] ext. 5"),
        ("电话：0772123456", "电话：[phone]"),
        ("on 2026-04-23 call 0772 123 456", "on 2026-04-23 call [phone]"),
        ("0772 123 456, +256 772 123 457", "[phone], [phone]"),
        ("23.04.2026 0772123456", "23.04.2026 [phone]"),
        // No phones.
        ("UGX 2,450,000", "UGX 2,450,000"), ("2 045 000 000", "2 045 000 000"),
        ("+15 % and +2,450,000", "+15 % and +2,450,000"),
        ("23.04.2026 10:30", "23.04.2026 10:30"), ("04.05.2026 10", "04.05.2026 10"),
        ("A0772123456", "A0772123456"), ("INV-0772123456", "INV-0772123456"),
        ("4500012345", "4500012345"), ("0012345678", "0012345678"),
        ("0.123456789", "0.123456789"), ("123-45-6789", "123-45-6789"),
        ("(2026) 450000", "(2026) 450000"), ("0772123456789", "0772123456789"),
    ])
    func `phone numbers are scrubbed`(_ text: String, _ expected: String) throws {
        #expect(try scrubbed(text) == expected)
    }

    @Test(arguments: [
        ("CM9{8}A{4}", "NIN CM12345678ABCD.", "NIN [id]."),
        ("CM9{8}A{4}", "cm12345678abcd", "[id]"),
        ("CM9{8}A{4}", "XCM12345678ABCD CM12345678ABCDE", "XCM12345678ABCD CM12345678ABCDE"),
        ("999-99-9999", "SSN 123-45-6789", "SSN [id]"),
        ("999-?99-?9999", "123456789 123-45-6789", "[id] [id]"),
        ("9{4,6}", "123 1234 123456 1234567", "123 [id] [id] 1234567"),
        ("\\A9{4}X{1,3}", "A1234Z9 B1234Z", "[id] B1234Z"),
        ("9{4} 9{4}", "1234 5678", "[id]"),
    ])
    func `national ids follow their pattern`(
        _ pattern: String, _ text: String, _ expected: String
    ) throws {
        #expect(try scrubbed(text, [.init(name: "id", pattern: pattern)]) == expected)
    }

    @Test(arguments: [
        "", "A{4}", "9{3}", "9{8", "9{0}", "9{5,4}", "9{65}", "9{40}9{40}", "{4}9999", "9999\\",
        "9999é", "9{x}", "9{1,2,3}", "?9999", "9999}", "9{99999999999999999999}", "X{30}",
    ])
    func `a pattern that can't be used is refused`(_ pattern: String) {
        #expect(throws: PatternError.self) {
            try CompiledIDPattern(.init(name: "id", pattern: pattern))
        }
    }

    @Test(arguments: ["", "Id", "id1", "i d", "[id]", String(repeating: "a", count: 33)])
    func `a name that would break the placeholder is refused`(_ name: String) {
        #expect(throws: PatternError.self) {
            try CompiledIDPattern(.init(name: name, pattern: "9999"))
        }
    }

    @Test func `findings hold kinds and counts, never values`() throws {
        var policy = ScreeningPolicy()
        policy.personalData.mode = .block
        let text = "4111 1111 1111 1111, a@b.io, c@d.io, +256772123456"
        guard
            case .block(let refusal) = try InputScreen(policy).screen(
                system: nil, messages: [ChatMessage(role: .user, text: text)])
        else {
            Issue.record("not blocked")
            return
        }
        #expect(
            refusal.findings == [
                Finding("pii.card"), Finding("pii.email", count: 2), Finding("pii.phone"),
            ])
        #expect(!refusal.message.contains("4111"))
    }

    @Test func `only the kinds that are asked for are scrubbed`() throws {
        var policy = PersonalDataPolicy()
        policy.kinds = [.email]
        let scanner = try PersonalDataScanner(policy)
        let text = Array("4111111111111111 a@b.io 0772123456".utf8)
        #expect(scanner.matches(in: text) == [.init(range: 17..<23, name: "email")])
    }

    private func scrubbed(_ text: String, _ patterns: [NationalIDPattern] = []) throws -> String {
        var policy = ScreeningPolicy()
        policy.personalData.mode = .scrub
        policy.personalData.nationalIDPatterns = patterns
        guard
            case .pass(let input) = try InputScreen(policy).screen(
                system: nil, messages: [ChatMessage(role: .user, text: text)])
        else { return "blocked" }
        return input.messages[0].text
    }
}
