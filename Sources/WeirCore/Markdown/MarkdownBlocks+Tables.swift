extension MarkdownBlocks {
    /// - Parameter columns: how each is aligned.
    /// - Returns: where the lines behind the table begin.
    mutating func writeTable(
        _ lines: [Line], at start: Int, _ columns: [MarkdownTable.Alignment]
    ) -> Int {
        put("<table>\n<thead>\n")
        write(row: lines[start], columns, cell: "th")
        put("</thead>\n<tbody>\n")
        var index = start + 2
        while index < lines.count, lines[index].contains(UInt8(ascii: "|")) {
            write(row: lines[index], columns, cell: "td")
            index += 1
        }
        put("</tbody>\n</table>\n")
        return index
    }

    /// Cells beyond the last column are dropped; missing ones stay missing, since a row of two
    /// bytes must not become one of a thousand.
    private mutating func write(
        row: Line, _ columns: [MarkdownTable.Alignment], cell: String
    ) {
        put("<tr>")
        for (text, alignment) in zip(MarkdownTable.cells(row, limit: columns.count), columns) {
            put("<\(cell)\(alignment.attribute)>")
            inline(text[...])
            put("</\(cell)>")
        }
        put("</tr>\n")
    }
}

enum MarkdownTable {
    enum Alignment {
        case none, left, centre, right

        var attribute: String {
            switch self {
            case .none: ""
            case .left: " class=\"left\""
            case .centre: " class=\"centre\""
            case .right: " class=\"right\""
            }
        }
    }

    /// Those of the table whose head is this line; nil where none begins here.
    static func columns(_ lines: [ArraySlice<UInt8>], at index: Int) -> [Alignment]? {
        guard index + 1 < lines.count, lines[index].contains(bar),
            let columns = alignments(lines[index + 1]),
            cells(lines[index], limit: columns.count + 1).count == columns.count
        else { return nil }
        return columns
    }

    /// What lies between the bars, without blanks around it; an escaped bar is a text's own.
    static func cells(_ line: ArraySlice<UInt8>, limit: Int) -> [[UInt8]] {
        var rest = line.trimmed
        if rest.first == bar { rest.removeFirst() }
        var cells: [[UInt8]] = []
        var cell: [UInt8] = []
        var isEscaped = false
        var isOpen = false
        for byte in rest {
            isOpen = true
            if byte == bar, !isEscaped {
                cells.append(Array(cell[...].trimmed))
                cell = []
                isOpen = false
                if cells.count == limit { return cells }
            } else {
                if byte == bar { cell.removeLast() }
                cell.append(byte)
            }
            isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
        }
        if isOpen { cells.append(Array(cell[...].trimmed)) }
        return cells
    }

    /// `| --- | :--: |`
    private static func alignments(_ line: ArraySlice<UInt8>) -> [Alignment]? {
        let allowed = Set("|-: \t".utf8)
        guard line.contains(UInt8(ascii: "-")), line.allSatisfy(allowed.contains) else {
            return nil
        }
        let cells = cells(line, limit: Markdown.Limits.columns + 1)
        guard (1...Markdown.Limits.columns).contains(cells.count) else { return nil }
        var columns: [Alignment] = []
        for cell in cells {
            let colon = UInt8(ascii: ":")
            let (left, right) = (cell.first == colon, cell.last == colon)
            let dashes = cell.dropFirst(left ? 1 : 0).dropLast(right ? 1 : 0)
            guard !dashes.isEmpty, dashes.allSatisfy({ $0 == UInt8(ascii: "-") }) else {
                return nil
            }
            switch (left, right) {
            case (true, true): columns.append(.centre)
            case (true, false): columns.append(.left)
            case (false, true): columns.append(.right)
            case (false, false): columns.append(.none)
            }
        }
        return columns
    }

    private static let bar = UInt8(ascii: "|")
}
