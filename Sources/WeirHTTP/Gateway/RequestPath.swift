/// What a path may not hold that is passed on to another service: whatever the two could read in
/// different ways, so that a request passed as one path would be served as another.
enum RequestPath {
    /// Why a path is refused; nil where nothing is wrong with it.
    static func fault(_ path: String) -> String? {
        let bytes = Array(path.utf8)
        guard bytes.allSatisfy({ (0x21...0x7E).contains($0) && !marks.contains($0) }) else {
            return "The path holds a character that can't stand in one"
        }
        let segments = bytes.split(separator: slash, omittingEmptySubsequences: false)
        // The first one is empty, and so is the last one behind a slash at the end.
        guard segments.dropFirst().dropLast().allSatisfy({ !$0.isEmpty }) else {
            return "The path has an empty segment"
        }
        for segment in segments {
            guard let decoded = decoded(segment) else {
                return "The path is not percent-encoded as it must be"
            }
            guard decoded.allSatisfy({ $0 >= 0x20 && $0 != 0x7F && $0 != slash && $0 != back })
            else { return "The path holds an encoded character that could be read in two ways" }
            // Some servers cut a segment at a semicolon before they look for dots.
            let name = decoded.prefix { $0 != UInt8(ascii: ";") }
            guard !name.elementsEqual(".".utf8), !name.elementsEqual("..".utf8) else {
                return "The path has a dot segment"
            }
        }
        return nil
    }

    private static let slash = UInt8(ascii: "/")
    private static let back = UInt8(ascii: "\\")
    /// Neither in a path nor in a query may these stand as they are (RFC 3986, appendix A).
    private static let marks = Array("\\\"<>^`#".utf8)

    /// Nil where a `%` isn't followed by two hex digits.
    private static func decoded(_ segment: ArraySlice<UInt8>) -> [UInt8]? {
        var decoded: [UInt8] = []
        var index = segment.startIndex
        while index < segment.endIndex {
            guard segment[index] == UInt8(ascii: "%") else {
                decoded.append(segment[index])
                index += 1
                continue
            }
            guard segment.endIndex - index > 2, let high = hex(segment[index + 1]),
                let low = hex(segment[index + 2])
            else { return nil }
            decoded.append(high << 4 | low)
            index += 3
        }
        return decoded
    }

    private static func hex(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
