import Testing

@testable import WeirHTTP

/// Paths that another service could read in another way.
@Suite struct RequestPathTests {
    @Test(arguments: [
        "/crm", "/crm/", "/crm/a.b/..c/...", "/crm/a%20b", "/crm/%E2%82%AC", "/crm/a;v=1",
        "/crm/file%2etxt", "/crm/*", "/crm/[1]", "/crm/a:b@c!$&'()+,=", "/",
    ])
    func `plain ones pass`(path: String) {
        #expect(RequestPath.fault(path) == nil)
    }

    @Test(arguments: [
        "/crm/../admin", "/crm/..", "/crm/./a", "/crm/.", "/crm/%2e%2e/admin", "/crm/%2E./admin",
        "/crm/.%2e/admin", "/crm/..;/admin", "/crm/..;a=b/admin", "/crm/%2e%2e;/admin",
        "/crm%2f..%2fadmin", "/crm/a%2Fb", "/crm/a%5cb", "/crm/a\\b", "//crm", "/crm//a",
        "/crm/a%00", "/crm/a%0d%0a", "/crm/%", "/crm/%2", "/crm/%zz", "/crm/\u{7F}", "/crm/é",
        "/crm/a b", "/crm/a#b", "/crm/%7f",
    ])
    func `doubtful ones are refused`(path: String) {
        #expect(RequestPath.fault(path) != nil)
    }
}
