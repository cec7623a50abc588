extension MarkdownBlocks {
    /// - Returns: where the lines behind the list begin.
    mutating func writeList(
        _ lines: [Line], at start: Int, _ first: ListMarker, _ depth: Int
    ) -> Int {
        var items: [[Line]] = []
        var isLoose = false
        var index = start
        while index < lines.count, let marker = ListMarker(lines[index]), marker.mark == first.mark,
            !lines[index].isRule, marker.indent < first.indent + 2
        {
            let (item, next) = item(lines, at: index, marker, depth)
            let blanks = item.reversed().prefix { $0.isBlankLine }.count
            let isLast = next == lines.count || ListMarker(lines[next])?.mark != first.mark
            let content = Array(item.dropLast(blanks))
            if content.contains(where: \.isBlankLine) || blanks > 0 && !isLast { isLoose = true }
            items.append(content)
            index = next
        }
        switch first.number {
        case nil: put("<ul>\n")
        case 1: put("<ol>\n")
        case .some(let number): put("<ol start=\"\(number)\">\n")
        }
        for item in items {
            put("<li>")
            write(item, depth: depth + 1, isTight: !isLoose)
            put("</li>\n")
        }
        put(first.number == nil ? "</ul>\n" : "</ol>\n")
        return index
    }

    /// The lines of an item, without what they are indented by for its sake.
    private func item(
        _ lines: [Line], at start: Int, _ marker: ListMarker, _ depth: Int
    ) -> (lines: [Line], next: Int) {
        var item = [marker.text]
        var index = start + 1
        while index < lines.count {
            let line = lines[index]
            if line.isBlankLine {
                item.append([])
            } else if line.indent >= min(marker.width, marker.indent + 2) {
                item.append(line.dropping(columns: marker.width))
            } else if item.last?.isBlankLine ?? true
                || MarkdownBlocks.begins(lines, at: index, depth: depth)
                || ListMarker(line) != nil
            {
                break
            } else {
                // A paragraph's line that nobody has indented.
                item.append(line)
            }
            index += 1
        }
        return (item, index)
    }
}
