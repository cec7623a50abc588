import Foundation
import HTTPTypes
import Testing

@testable import WeirHTTP

/// openapi.yaml against the route table, both ways.
@Suite struct OpenAPITests {
    /// What stands in the document: `GET /path`, with its own lines.
    private static func operations() throws -> [String: [Substring]] {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appending(path: "openapi.yaml")
        let text = try String(contentsOf: file, encoding: .utf8)
        var (path, name) = ("", "")
        var operations: [String: [Substring]] = [:]
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line == "components:" { break }
            if line.hasPrefix("  /") { (path, name) = (String(line.dropFirst(2).dropLast()), "") }
            if let match = line.wholeMatch(of: /\s{4}(get|post|put|delete|patch):/) {
                name = "\(match.1.uppercased()) \(path)"
            }
            if !name.isEmpty { operations[name, default: []].append(line) }
        }
        return operations
    }

    private func endpoints() throws -> [Endpoint] {
        Routes(use: try Stage().use, settings: ServerSettings()).all
    }

    @Test func `the document and the table name the same operations`() throws {
        let served = Set(try endpoints().map { "\($0.method.rawValue) \($0.documentedPath)" })
        #expect(try Set(Self.operations().keys) == served)
    }

    @Test func `query parameters, bodies and keys are what is served`() throws {
        let references = [
            "TenantId": "tenant_id", "Period": "period", "Cursor": "cursor", "Limit": "limit",
            "EventUser": "user_id", "LastEventQuery": "last_event_id",
        ]
        let operations = try Self.operations()
        for endpoint in try endpoints() {
            let name = "\(endpoint.method.rawValue) \(endpoint.documentedPath)"
            let lines = try #require(operations[name])
            var query: [String] = []
            for (index, line) in lines.enumerated() {
                if let match = line.firstMatch(of: /- \$ref: '#\/components\/parameters\/(\w+)'/),
                    let parameter = references[String(match.1)]
                {
                    query.append(parameter)
                }
                if let match = line.firstMatch(of: /- name: (\w+)$/),
                    lines[index + 1].hasSuffix("in: query")
                {
                    query.append(String(match.1))
                }
            }
            if let known = endpoint.query { #expect(Set(query) == Set(known), "\(name)") }
            let hasBody = lines.contains { $0.hasSuffix("requestBody:") }
            #expect(hasBody == (endpoint.body != .ignored), "\(name)")
            let isOpen = lines.contains { $0.hasSuffix("security: []") }
            #expect(isOpen == (endpoint.access == .open), "\(name)")
        }
    }
}

extension Endpoint {
    /// The document has no way to say that a placeholder takes slashes.
    fileprivate var documentedPath: String { path.replacing("...}", with: "}") }
}
