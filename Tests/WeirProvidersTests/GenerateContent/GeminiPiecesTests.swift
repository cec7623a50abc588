import Foundation
import Testing
import WeirCore
@testable import WeirProviders

@Suite("Gemini's pieces")
struct GeminiPiecesTests {
    @Test("base64 is what Foundation's is")
    func base64() {
        for count in 0..<70 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ count) }
            let text = Data(bytes).base64EncodedString()
            let address = text.replacing("+", with: "-").replacing("/", with: "_")
            let bare = address.replacing("=", with: "")
            #expect(Base64Text.encode(bytes) == text)
            for form in [text, address, bare] {
                #expect(Base64Text.decode(form) == bytes)
                #expect(Base64Text.standard(form) == text)
            }
        }
    }

    @Test(
        "base64 is no other text",
        arguments: ["A", "AA=", "AA===", "A=A=", "====", "AAAA=", "AA\n=", "é", "AA A", "AAAAA"])
    func noBase64(text: String) {
        #expect(Base64Text.decode(text) == nil && Base64Text.standard(text) == nil)
    }

    @Test("signatures come back as what they were", arguments: Wire.allCases)
    func signatures(wire: Wire) {
        for value in ["", "abc", "weir:x", "日本\u{0}", "Eq+/=="] {
            let signature = ThoughtSignature(origin: wire, value: value)
            let text = signature.geminiText()
            let read = ThoughtSignature.gemini(text)
            #expect(read.signature == signature && !read.isRedacted)
            guard wire != .generateContent else { continue }
            // SDKs decode the bytes and write them in the other alphabet.
            #expect(Base64Text.decode(text) != nil)
            let again = text.replacing("+", with: "-").replacing("/", with: "_")
            #expect(ThoughtSignature.gemini(again).signature == signature)
            let redacted = ThoughtSignature.gemini(signature.geminiText(isRedacted: true))
            #expect(redacted.signature == signature && redacted.isRedacted)
        }
    }

    @Test("schemas become JSON schemas", arguments: schemas)
    func schema(own: String, standard: String) throws {
        let schema = try JSONParser.parse(bytes(own), .request)
        #expect(GeminiSchema.jsonSchema(schema).text == standard)
    }

    @Test("names are spelled both ways")
    func spelling() {
        let names = [("inlineData", "inline_data"), ("topP", "top_p"), ("x", "x")]
        for (camel, snake) in names {
            #expect(camelCase(snake) == camel && camelCase(camel) == camel)
            #expect(snakeCase(camel) == snake)
        }
        for odd in ["", "_", "__a", "a_", "a_1", "é_é"] { _ = camelCase(odd) }
    }
}

private let schemas = [
    ("7", "7"), ("{}", "{}"), (#"{"type":"TYPE_UNSPECIFIED","x":[1]}"#, #"{"x":[1]}"#),
    (#"{"type":"string","format":"enum","enum":["a"]}"#, #"{"type":"string","enum":["a"]}"#),
    (#"{"type":"STRING","nullable":true}"#, #"{"type":["string","null"]}"#),
    (
        #"{"nullable":true,"any_of":[{"type":"NUMBER"}]}"#,
        #"{"anyOf":[{"type":"number"},{"type":"null"}]}"#
    ),
    (
        #"{"type":"STRING","enum":["a"],"nullable":true}"#,
        #"{"type":["string","null"],"enum":["a",null]}"#
    ),
    (
        #"{"type":"ARRAY","min_items":"1","maxItems":2,"items":{"type":"BOOLEAN"}}"#,
        #"{"type":"array","minItems":1,"maxItems":2,"items":{"type":"boolean"}}"#
    ),
    // Properties may be called anything, and are ordered as they are to be written.
    (
        #"{"type":"OBJECT","properties":{"type":{"type":"STRING"},"any_of":{"type":"INTEGER"},"#
            + #""c":{}},"property_ordering":["c","any_of"],"required":["type"]}"#,
        #"{"type":"object","properties":{"c":{},"any_of":{"type":"integer"},"#
            + #""type":{"type":"string"}},"required":["type"]}"#
    ),
    (
        ##"{"ref":"#/defs/A","defs":{"A":{"type":"NULL","example":1}}}"##,
        ##"{"$ref":"#/$defs/A","$defs":{"A":{"type":"null","examples":[1]}}}"##
    ),
    (
        #"{"additionalProperties":{"type":"STRING"},"additional_properties_":1}"#,
        #"{"additionalProperties":{"type":"string"},"additionalProperties":1}"#
    ),
]
