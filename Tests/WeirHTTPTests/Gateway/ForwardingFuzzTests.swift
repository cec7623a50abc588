import Testing
import WeirCore
import WeirTesting

@testable import WeirHTTP

/// Random bodies and paths made of dangerous pieces: nothing traps, and what a gateway reads there
/// is what an instance or another service will read.
@Suite struct ForwardingFuzzTests {
    @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
    func `a sound body says the same to gateway and instance`(_ seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        var sound = 0
        for round in 0..<2_000 {
            var body = Array(object(&random, depth: 0).utf8)
            if Bool.random(using: &random) { spoil(&body, &random) }
            let named = NamedInBody(body)
            guard let read = try? JSONParser.parse(body, .request), read.object != nil else {
                continue
            }
            sound += 1
            let tenant = read["tenant_id"]?.wholeNumber.flatMap(TenantID.init)
            let user = read["user_id"]?.wholeNumber.flatMap(UserID.init)
            let feature = read["feature_slug"]?.string.flatMap { FeatureSlug($0, limit: 64) }
            let same = named.tenant == tenant && named.user == user && named.feature == feature
            let text = String(decoding: body, as: UTF8.self)
            #expect(same, "seed \(seed), round \(round): \(text)")
            guard same else { return }
        }
        #expect(sound > 500)
    }

    @Test(arguments: [11, 12, 13, 14] as [UInt64])
    func `a path that passes is read in one way alone`(_ seed: UInt64) {
        var random = SplitMix(seed: seed)
        var passed = 0
        for round in 0..<20_000 {
            let count = Int.random(in: 0..<7, using: &random)
            let path = "/" + (0..<count).map { _ in pick(segments, &random) }.joined()
            guard RequestPath.fault(path) == nil else { continue }
            passed += 1
            let isReadTwice = isReadTwice(path)
            #expect(!isReadTwice, "seed \(seed), round \(round): \(path)")
            guard !isReadTwice else { return }
        }
        #expect(passed > 500)
    }

    @Test(arguments: [21, 22] as [UInt64])
    func `bytes of any kind are read without a trap`(_ seed: UInt64) {
        var random = SplitMix(seed: seed)
        for _ in 0..<5_000 {
            let count = Int.random(in: 0..<60, using: &random)
            let bytes = (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &random) }
            _ = NamedInBody(Array("{".utf8) + bytes)
            _ = RequestPath.fault(String(decoding: bytes, as: UTF8.self))
        }
    }

    // MARK: bodies

    private func object(_ random: inout SplitMix, depth: Int) -> String {
        let members = (0..<Int.random(in: 0..<5, using: &random)).map { _ in
            pick(names, &random) + pick(blanks, &random) + ":" + pick(blanks, &random)
                + value(&random, depth: depth)
        }
        let rest = members.joined(separator: "," + pick(blanks, &random))
        return "{" + pick(blanks, &random) + rest + pick(blanks, &random) + "}"
    }

    private func value(_ random: inout SplitMix, depth: Int) -> String {
        guard depth < 3, Int.random(in: 0..<4, using: &random) == 0 else {
            return pick(scalars, &random)
        }
        let inner = object(&random, depth: depth + 1)
        return Bool.random(using: &random) ? inner : "[\(inner)," + pick(scalars, &random) + "]"
    }

    private func spoil(_ body: inout [UInt8], _ random: inout SplitMix) {
        let index = Int.random(in: body.indices, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: body[index] = pick(Array("{}[]\",:\\ 0e-.".utf8), &random)
        case 1: body.remove(at: index)
        default: body.insert(pick(Array("\"\\{}[],:0 ".utf8), &random), at: index)
        }
    }

    private let names = [
        #""tenant_id""#, #""user_id""#, #""feature_slug""#, #""model""#, #""tenant_id ""#,
        #""\u0074enant_id""#, #""user\u005Fid""#, #""\"tenant_id\"""#, #""feature\\_slug""#, #""""#,
    ]
    private let scalars = [
        "42", "43", "4.2e1", "42.0", "-1", "0", "1e99", "9223372036854775807",
        "9223372036854775808", "0.5", "true", "null", #""42""#, #""chat""#, #""re\u0070ort""#,
        #""tenant_id""#, #""a\"b""#, #""\\""#, #""}""#, #""{\"tenant_id\": 7}""#, #""é""#,
        #""a b""#,
        "[]", "[42]", "{}",
    ]
    private let blanks = ["", "", " ", "\n", "\t \r\n"]

    // MARK: paths

    private let segments = [
        "/", "/", "a", "b.c", ".", "..", ";", ";v=1", "%2e", "%2E%2e", "%2f", "%5C", "\\", "%",
        "%2", "%00", "%20", "%C3%A9", "é", "#", "?", "~", "%3b", "*",
    ]

    /// Whether somebody finds another path there who takes backslashes for slashes, cuts segments
    /// at semicolons, leaves out empty ones and follows dots, before decoding it or after.
    private func isReadTwice(_ path: String) -> Bool {
        let asItIs = Array(path.utf8)
        let slashes = asItIs.count { $0 == UInt8(ascii: "/") }
        return [asItIs, decoded(asItIs)].contains { bytes in
            let text = bytes.map { $0 == UInt8(ascii: "\\") ? UInt8(ascii: "/") : $0 }
            let names = text.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
                .map { String(decoding: $0.prefix { $0 != UInt8(ascii: ";") }, as: UTF8.self) }
            return names.count != slashes + 1 || names.contains(".") || names.contains("..")
                || text.firstRange(of: Array("//".utf8)) != nil || text.contains { $0 < 0x20 }
        }
    }

    private func decoded(_ path: [UInt8]) -> [UInt8] {
        var rest = path[...]
        var decoded: [UInt8] = []
        while let byte = rest.popFirst() {
            let digits = String(decoding: rest.prefix(2), as: UTF8.self)
            if byte == UInt8(ascii: "%"), let value = UInt8(digits, radix: 16) {
                decoded.append(value)
                rest = rest.dropFirst(2)
            } else {
                decoded.append(byte)
            }
        }
        return decoded
    }

    private func pick<Value>(_ values: [Value], _ random: inout SplitMix) -> Value {
        values[Int.random(in: values.indices, using: &random)]
    }
}
