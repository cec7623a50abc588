/// Rows under titles, in columns as wide as their widest cell.
struct Table {
    struct Column {
        let title: String
        let isNumber: Bool
    }

    private let columns: [Column]
    private(set) var rows: [[String]] = []

    /// - Parameter titles: a title that ends with `>` heads a column of numbers, aligned right.
    init(_ titles: [String]) {
        columns = titles.map { title in
            let isNumber = title.utf8.last == UInt8(ascii: ">")
            return Column(title: isNumber ? String(title.dropLast()) : title, isNumber: isNumber)
        }
    }

    /// Adds a row; missing cells are empty, control characters are made harmless.
    mutating func add(_ cells: [String]) {
        let missing = max(0, columns.count - cells.count)
        rows.append(
            cells.prefix(columns.count).map(Console.harmless)
                + Array(repeating: "", count: missing))
    }

    /// The lines without blanks at their ends; `empty` where there is no row.
    func text(empty: String = "Nothing.") -> String {
        guard !rows.isEmpty else { return empty }
        let titles = columns.map(\.title)
        var widths = titles.map(width)
        for row in rows {
            for index in row.indices { widths[index] = max(widths[index], width(row[index])) }
        }
        let lines = ([titles] + rows).map { cells in
            var line = ""
            for (index, cell) in cells.enumerated() {
                let padding = String(repeating: " ", count: widths[index] - width(cell))
                line += columns[index].isNumber ? padding + cell : cell + padding
                if index < cells.count - 1 { line += "  " }
            }
            while line.utf8.last == UInt8(ascii: " ") { line.removeLast() }
            return line
        }
        return lines.joined(separator: "\n")
    }

    /// Columns on a terminal: wide East Asian characters and emoji take two.
    private func width(_ text: String) -> Int {
        text.reduce(0) { sum, character in
            let isWide = character.unicodeScalars.contains { scalar in
                switch scalar.value {
                case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF,
                    0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1FAFF,
                    0x20000...0x3FFFD:
                    true
                default: false
                }
            }
            return sum + (isWide ? 2 : 1)
        }
    }
}
