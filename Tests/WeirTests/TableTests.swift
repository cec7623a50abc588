import Testing
import WeirCore

@testable import weir

@Suite("Tables for people")
struct TableTests {
    @Test("Columns are as wide as their widest cell, numbers stand right")
    func columns() {
        var table = Table(["NAME", "COST>", "NOTE"])
        table.add(["a", "1.5", "x"])
        table.add(["longer", "10", ""])
        #expect(
            table.text() == """
                NAME    COST  NOTE
                a        1.5  x
                longer    10
                """)
    }

    @Test("Missing cells are empty, surplus ones are left out")
    func raggedRows() {
        var table = Table(["A", "B"])
        table.add(["1"])
        table.add(["1", "2", "3"])
        #expect(table.text() == "A  B\n1\n1  2")
    }

    @Test("No row is said in words")
    func empty() {
        #expect(Table(["A"]).text(empty: "There is none.") == "There is none.")
    }

    @Test("Wide characters take two columns")
    func wide() {
        var table = Table(["N", "X"])
        table.add(["東京", "1"])
        table.add(["Kampala", "2"])
        #expect(table.text() == "N        X\n東京     1\nKampala  2")
    }

    @Test("A name from elsewhere can't steer the terminal")
    func controlCharacters() {
        var table = Table(["NAME"])
        table.add(["a\u{1B}[2Jb\nc\u{202E}d"])
        #expect(table.text() == "NAME\na\u{FFFD}[2Jb\u{FFFD}c\u{FFFD}d")
    }

    @Test(
        "JSON becomes cells",
        arguments: [
            (JSON.null, "-"), (JSON.bool(true), "yes"), (JSON.bool(false), "no"),
            (JSON.number("0.000598"), "0.000598"), (JSON.string("text"), "text"),
            (JSON.array([1, 2]), "1, 2"), (["a": true, "b": "x"] as JSON, "a=yes, b=x"),
        ])
    func cells(json: JSON, cell: String) {
        #expect(json.cell == cell)
    }
}
