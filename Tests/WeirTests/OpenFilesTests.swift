import Testing

@testable import weir

struct OpenFilesTests {
    @Test(arguments: [
        (0, 1_024, 16), (96, 1_024, 16), (256, 1_024, 80), (1_024, 1_024, 464),
        (4_096, 1_024, 2_976), (4_096, 100_000, 2_000), (20_000, 1_024, 18_880),
        (.max, 1, 1_000_000), (.max, .max, 1_000_000), (-1, -1, 16),
    ])
    func `connections leave files for the rest`(_ files: Int, _ calls: Int, _ expected: Int) {
        #expect(OpenFiles.connections(within: files, calls: calls) == expected)
    }
}
