import WeirCore
import WeirService

/// A request as it comes in: where it leads, and who says who is calling.
struct Arrival {
    let head: CallHead
    let target: Target
    let match: EndpointTable.Match
    let entry: Entry
    let request: RequestID
    /// Where it is told what the call uses; nil where nobody wants to know.
    let meter: CallMeter?

    enum Entry {
        /// By the credential that it carries.
        case alone
        /// A gateway vouches for it.
        case vouched(CallerIdentity)
        /// This process makes it itself.
        case own(Caller)
        case refused(WeirError)

        var identity: CallerIdentity? {
            if case .vouched(let identity) = self { identity } else { nil }
        }
    }
}

/// A request's target, cut at the question mark.
struct Target {
    let path: String
    let query: ArraySlice<UInt8>

    init(_ text: String) {
        let bytes = Array(text.utf8)
        let mark = bytes.firstIndex(of: UInt8(ascii: "?")) ?? bytes.endIndex
        path = String(decoding: bytes[..<mark], as: UTF8.self)
        query = mark < bytes.endIndex ? bytes[(mark + 1)...] : []
    }
}
