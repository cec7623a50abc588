/// Text made safe to stand in HTML, between tags and in quoted attributes.
package enum HTMLEscaping {
    /// Escapes `& < > " '`. Escaping twice shows: do it once, last.
    package static func escape(_ text: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.count + text.count / 8)
        append(text[...], to: &result)
        return result
    }

    package static func append(_ text: ArraySlice<UInt8>, to result: inout [UInt8]) {
        for byte in text {
            switch byte {
            case UInt8(ascii: "&"): result.append(contentsOf: "&amp;".utf8)
            case UInt8(ascii: "<"): result.append(contentsOf: "&lt;".utf8)
            case UInt8(ascii: ">"): result.append(contentsOf: "&gt;".utf8)
            case UInt8(ascii: "\""): result.append(contentsOf: "&quot;".utf8)
            case UInt8(ascii: "'"): result.append(contentsOf: "&#39;".utf8)
            default: result.append(byte)
            }
        }
    }
}
