import Testing

@testable import weir

@Suite struct ProcessorsTests {
    @Test(arguments: [("0", 1), ("\t0-3", 4), ("0-1,4,6-7", 5), (" 5", 1)])
    func `a list of processors is counted`(list: String, count: Int) {
        #expect(Processors.count(in: list[...]) == count)
    }

    @Test(arguments: ["", "a", "3-1", "0-99999999999999999999", "1-2-3", "-1", "0-4000"])
    func `what is no such list counts for nothing`(list: String) {
        #expect(Processors.count(in: list[...]) == nil)
    }
}
