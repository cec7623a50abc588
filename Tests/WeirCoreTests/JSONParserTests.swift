import Testing
import WeirCore
import WeirTesting

@Suite struct JSONParserTests {
    @Test(arguments: [
        #"{"a":1,"a":2}"#, #"{"a":{"b":1,"b":1}}"#, #"{"é":1,"é":2}"#, "", " ", "{", "[1,]",
        "{\"a\":1,}", "01", "-", "1.", ".5", "1e", "+1", "NaN", "Infinity", "nul", "tru",
        "\"\\u0000\"", "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\u0041\"", "\"\\x\"", "\"\u{01}\"",
        "\"abc", "1 2", "{} {}", "\u{FEFF}{}", "{\"a\" 1}", "{a:1}", "'a'", "[1 2]", "\"\\u12\"",
        "{\"a\":1]", "[", "]", "/* */1",
    ])
    func `a strict parse refuses`(text: String) {
        #expect(throws: JSONError.self) { try JSONParser.parse(Array(text.utf8), .request) }
    }

    @Test func `bytes that are not UTF-8 are refused`() {
        for bytes: [UInt8] in [
            [0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22],
            [0xFF, 0xFE, 0x7B, 0x00, 0x7D, 0x00], [0x00, 0x7B, 0x00, 0x7D],
        ] {
            #expect(throws: JSONError.self) { try JSONParser.parse(bytes, .request) }
        }
    }

    @Test func `depth and number of values are bounded`() {
        let deep = Array(String(repeating: "[", count: 100_000).utf8)
        #expect(throws: JSONError.self) { try JSONParser.parse(deep, .request) }
        #expect(throws: JSONError.self) { try JSONParser.parse(deep, .reply) }
        let nested = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
        #expect(throws: Never.self) { try JSONParser.parse(Array(nested.utf8), .request) }
        var wide = "{"
        for index in 0..<200_000 { wide += "\"k\(index)\":1," }
        wide += "\"z\":1}"
        #expect(throws: JSONError.self) { try JSONParser.parse(Array(wide.utf8), .request) }
    }

    @Test func `a tolerant parse marks duplicates and mends surrogates`() throws {
        let json = try JSONParser.parse(Array(#"{"u":{"a":1,"a":2},"t":"\ud800!"}"#.utf8), .reply)
        #expect(json["u"]?.object?.hasDuplicates == true)
        #expect(json["t"]?.string == "\u{FFFD}!")
    }

    @Test func `numbers keep their text and integers are exact`() throws {
        let text = "[9223372036854775807,9223372036854775808,-1,1.0,1e3,1e30,-0]"
        let values = try #require(try JSONParser.parse(Array(text.utf8), .request).array)
        #expect(values.map(\.integer) == [.max, nil, -1, nil, nil, nil, 0])
        #expect(JSON.array(values).text == text)
    }

    @Test func `what is written reads back the same`() throws {
        let text = #"{"a":[1,2.50,"\"\\\n\u0001é😀",null,true,{}],"b":{"c":[]}}"#
        let json = try JSONParser.parse(Array(text.utf8), .request)
        #expect(try JSONParser.parse(json.encoded, .request) == json)
        let pair = try JSONParser.parse(Array(#""\ud83d\ude00""#.utf8), .request)
        #expect(pair.string == "😀")
    }

    @Test func `names are compared byte by byte`() throws {
        let json = try JSONParser.parse(Array("{\"\u{212A}\":1}".utf8), .request)
        #expect(json["K"] == nil)
    }

    @Test func `random bytes never trap`() {
        var random = SplitMix(seed: 7)
        for _ in 0..<20_000 {
            let alphabet = Array("{}[]\",:\\u0dD8eE+-.12ntf \u{0}é".utf8)
            let count = Int(random.next() % 40)
            let bytes = (0..<count).map { _ in
                alphabet[Int(random.next() % UInt64(alphabet.count))]
            }
            // Either outcome is right; what counts is that there is one.
            _ = try? JSONParser.parse(bytes, .request)
            _ = try? JSONParser.parse(bytes, .reply)
        }
    }
}
