import Testing
import WeirCore
import WeirProviders

/// Every recording there is, from the client's request to what clients of all wires would have got.
@Suite(
    "Recorded exchanges",
    .enabled(if: Recordings.folder != nil, Comment(rawValue: Recordings.absence)))
struct RecordedTableTests {
    @Test("all pass, or are refused for a reason that is known")
    func table() throws {
        let (exchanges, lines) = RecordedExchange.all
        #expect(exchanges.count == lines && lines == 558)
        var table: [String: Tally] = [:]
        var refused: [String: [String]] = [:]
        var fields: [String: Int] = [:]
        var translations: [String: Int] = [:]
        for exchange in exchanges {
            let checks = try ExchangeChecks(exchange)
            let faults = checks.replyFaults() + checks.requestFaults()
            #expect(faults.isEmpty, "\(exchange.row) \(exchange.id): \(faults)")
            for outcome in checks.translations() { translations[outcome, default: 0] += 1 }
            table[exchange.row, default: Tally()].cases += 1
            if let field = checks.refusal {
                table[exchange.row]?.refused += 1
                fields[field, default: 0] += 1
                refused["\(exchange.row) | \(field)", default: []].append(exchange.id)
            } else if faults.isEmpty {
                table[exchange.row]?.passed += 1
            }
        }
        #expect(fields == knownRefusals)
        let sums = table.values.reduce(into: Tally()) { $0.add($1) }
        #expect(sums.cases == lines && sums.passed + sums.refused == lines)
        print("| provider | endpoint | recordings | passed | refused by rule |")
        print("|---|---|---:|---:|---:|")
        for (row, tally) in table.sorted(by: { $0.key < $1.key }) { print(tally.line(row)) }
        print(sums.line("all | "))
        print("\n| provider | endpoint | field that is refused | recordings |")
        print("|---|---|---|---|")
        for (row, ids) in refused.sorted(by: { $0.key < $1.key }) {
            print("| \(row) | \(ids.joined(separator: " ")) |")
        }
        print("\n| translated to | outcome | requests |\n|---|---|---:|")
        for (row, count) in translations.sorted(by: { $0.key < $1.key }) {
            print("| \(row) | \(count) |")
        }
    }
}

private struct Tally {
    var cases = 0
    var passed = 0
    var refused = 0

    mutating func add(_ other: Tally) {
        cases += other.cases
        passed += other.passed
        refused += other.refused
    }

    func line(_ row: String) -> String { "| \(row) | \(cases) | \(passed) | \(refused) |" }
}

/// For how many recordings' requests which field is refused, by its last name: what the provider
/// runs itself or bills beside the tokens (`type` and `execution` are tools'), what lies in an
/// account that all tenants share, another tier's price, and sound and films, which have no price.
private let knownRefusals = [
    "background": 2, "codeExecution": 2, "container": 2, "context_management": 7,
    "conversation": 3, "executableCode": 1, "execution": 15, "fileSearch": 3, "fileUri": 3,
    "file_id": 3, "file_uri": 3, "googleSearch": 7, "mcp_servers": 4, "mimeType": 6, "mode": 1,
    "previous_response_id": 1, "provider": 5, "service_tier": 1, "type": 45, "urlContext": 1,
    "web_search_options": 2,
]
