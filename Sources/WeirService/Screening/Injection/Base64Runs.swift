/// Text that is written in base64 inside a text, standard or URL alphabet, decoded once.
enum Base64Runs {
    /// Shorter runs are words.
    static let shortest = 24
    /// Encoded bytes that are decoded for one prompt.
    static let largestTotal = 1 << 20

    /// What the runs hold; what isn't UTF-8 in it becomes U+FFFD. A run may go on in the next line.
    static func decoded(in text: [UInt8], budget: inout Int) -> [String] {
        var results: [String] = []
        // Every run covers one of these positions: most of the text is never looked at.
        var probe = shortest - 1
        while probe < text.count {
            guard values[Int(text[probe])] >= 0 else {
                probe += shortest
                continue
            }
            var start = probe
            while start > 0, probe - start < shortest, values[Int(text[start - 1])] >= 0 {
                start -= 1
            }
            let end = runEnd(text, from: start)
            if end - start >= shortest {
                guard budget >= end - start else { return results }
                budget -= end - start
                results.append(String(decoding: decode(text[start..<end]), as: UTF8.self))
            }
            probe = end + shortest - 1
        }
        return results
    }

    private static func runEnd(_ text: [UInt8], from start: Int) -> Int {
        var end = start
        while end < text.count {
            if values[Int(text[end])] >= 0 {
                end += 1
            } else if let next = lineStart(text, after: end), end - start >= shortest {
                end = next
            } else {
                break
            }
        }
        return end
    }

    /// Where a line break at `position` leads to more of the alphabet.
    private static func lineStart(_ text: [UInt8], after position: Int) -> Int? {
        var next = position
        if text[next] == 0x0D { next += 1 }
        guard next < text.count, text[next] == 0x0A else { return nil }
        next += 1
        return next < text.count && values[Int(text[next])] >= 0 ? next : nil
    }

    /// Left-over bits are dropped.
    private static func decode(_ run: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(run.count * 3 / 4)
        var bits: UInt32 = 0
        var count = 0
        for byte in run where values[Int(byte)] >= 0 {
            bits = bits << 6 | UInt32(values[Int(byte)])
            count += 6
            if count >= 8 {
                count -= 8
                result.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        return result
    }

    /// By byte; negative outside both alphabets.
    private static let values: [Int8] = {
        var table = Array(repeating: Int8(-1), count: 256)
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        for (value, byte) in alphabet.utf8.enumerated() { table[Int(byte)] = Int8(value) }
        table[Int(UInt8(ascii: "-"))] = 62
        table[Int(UInt8(ascii: "_"))] = 63
        return table
    }()
}
