import WeirCore
import WeirService

/// A request's query parameters: known ones, each at most once.
struct Query: Sendable {
    private var values: [String: String] = [:]

    private static let countLimit = 64

    init() {}

    /// - Parameter names: the known ones; others are refused, or passed over where it is nil.
    init(_ text: ArraySlice<UInt8>, allowing names: [String]?) throws(WeirError) {
        guard !text.isEmpty else { return }
        let pairs = text.split(separator: UInt8(ascii: "&"))
        guard pairs.count <= Query.countLimit else {
            throw WeirError(.invalidRequest, "Too many query parameters")
        }
        for pair in pairs {
            let mark = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            let rest = mark < pair.endIndex ? pair[(mark + 1)...] : []
            guard let name = PercentCoding.decode(pair[..<mark], plusIsBlank: true),
                let value = PercentCoding.decode(rest, plusIsBlank: true)
            else { throw WeirError(.invalidRequest, "The query can't be decoded") }
            guard names?.contains(name) ?? true else {
                let shown = shownName(name)
                throw WeirError(
                    .invalidRequest, "Unknown query parameter \"\(shown)\"", param: shown)
            }
            guard values.updateValue(value, forKey: name) == nil else {
                throw WeirError(
                    .invalidRequest, "The query parameter \(name) is given twice", param: name)
            }
        }
    }

    subscript(_ name: String) -> String? { values[name] }

    func integer(
        _ name: String, in range: ClosedRange<Int64> = 1...Int64.max
    ) throws(WeirError) -> Int64? {
        guard let text = values[name] else { return nil }
        guard let number = plainInteger(text), range.contains(number) else {
            let most = range.upperBound == .max ? "" : " to \(range.upperBound)"
            throw WeirError(
                .invalidRequest, "\(name) must be an integer from \(range.lowerBound)\(most)",
                param: name)
        }
        return number
    }

    func tenant() throws(WeirError) -> TenantID? { try integer("tenant_id").flatMap(TenantID.init) }

    func period() throws(WeirError) -> Period? {
        guard let text = values["period"] else { return nil }
        guard let period = Period(text) else {
            throw WeirError(.invalidRequest, "period must be a month, YYYY-MM", param: "period")
        }
        return period
    }

    func choice<Choice: RawRepresentable & CaseIterable>(
        _ name: String, _ type: Choice.Type
    ) throws(WeirError) -> Choice? where Choice.RawValue == String {
        guard let text = values[name] else { return nil }
        guard let choice = Choice(rawValue: text) else {
            let all = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw WeirError(.invalidRequest, "\(name) must be one of \(all)", param: name)
        }
        return choice
    }
}

/// An integer in its one plain form: no sign but a leading minus, no leading zero, no blank.
func plainInteger(_ text: String) -> Int64? {
    guard let number = Int64(text), String(number) == text else { return nil }
    return number
}

/// A caller's own name for something, as it may stand in an error: short and printable.
func shownName(_ name: String) -> String {
    var shown = ""
    for scalar in name.unicodeScalars.prefix(64)
    where scalar.value >= 0x20 && !(0x7F...0x9F).contains(scalar.value) {
        shown.unicodeScalars.append(scalar)
    }
    return shown
}
