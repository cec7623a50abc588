/// Finds what somebody meant to write.
enum NearMiss {
    /// The candidate that fewest edits lead to, if they are few; the first of equals.
    static func of(_ name: String, among candidates: [String]) -> String? {
        let distances = candidates.map { ($0, distance(Array(name.utf8), Array($0.utf8))) }
        guard let best = distances.min(by: { $0.1 < $1.1 }) else { return nil }
        return best.1 <= max(1, min(name.utf8.count, best.0.utf8.count) / 3) ? best.0 : nil
    }

    /// `; did you mean x?`, or nothing.
    static func hint(_ name: String, among candidates: [String]) -> String {
        of(name, among: candidates).map { "; did you mean \($0)?" } ?? ""
    }

    /// Edits (insert, delete, replace, swap neighbours) from one to the other. Case counts nothing.
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        guard left.count <= 64, right.count <= 64 else { return .max }
        let left = left.map(lowercased)
        let right = right.map(lowercased)
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for row in 0..<left.count {
            var current = [row + 1]
            for column in 0..<right.count {
                let change = left[row] == right[column] ? 0 : 1
                var cost = min(
                    last[column] + change, last[column + 1] + 1, current[column] + 1)
                if row > 0, column > 0, left[row] == right[column - 1],
                    left[row - 1] == right[column]
                {
                    cost = min(cost, beforeLast[column - 1] + 1)
                }
                current.append(cost)
            }
            beforeLast = last
            last = current
        }
        return last[right.count]
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte + 32 : byte
    }
}
