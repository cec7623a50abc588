import WeirCore

/// Checks the kinds and sizes of a price document's members; what they say is the price book's to
/// judge. Nothing that is ignored may look as if it had been understood.
enum PriceDocumentShape {
    static func check(_ body: JSON) throws(WeirError) {
        let document = try BodyFields(body, allowing: ["version", "source", "prices"])
        let version = try document.required("version", try document.text("version"))
        guard isVisible(version, 1...64), !version.utf8.contains(0x20) else {
            throw document.error("version", "must have 1 to 64 visible ASCII characters")
        }
        guard isVisible(try document.text("source") ?? "", 0...200) else {
            throw document.error("source", "must have at most 200 ASCII characters")
        }
        let prices = try document.array("prices", limit: 10_000)
        for (index, price) in try document.required("prices", prices).enumerated() {
            try check(price, path: "prices[\(index)]")
        }
    }

    private static func check(_ price: JSON, path: String) throws(WeirError) {
        guard let object = price.object else {
            throw WeirError(.invalidRequest, "\(path) must be an object", param: path)
        }
        for member in object.members {
            let isRight =
                switch member.name {
                case "embedding", "deprecated": member.value.bool != nil
                case "tiers": member.value.array.map { $0.count <= 100 } ?? false
                case "audio_input":
                    member.value.string.flatMap { Rate(decimalUSDPerMillion: $0) } != nil
                case "service_tiers": services(member.value)
                case "per_call": fees(member.value)
                default: true
                }
            guard isRight else {
                let param = "\(path).\(member.name)"
                throw WeirError(.invalidRequest, "\(param) has a wrong kind", param: param)
            }
        }
    }

    private static func services(_ value: JSON) -> Bool {
        guard let members = value.object?.members else { return false }
        return members.allSatisfy { tier in
            guard let tiers = tier.value["tiers"] else { return true }
            return tiers.array.map { $0.count <= 100 } ?? false
        }
    }

    private static func fees(_ value: JSON) -> Bool {
        guard let members = value.object?.members, members.count <= 100 else { return false }
        return members.allSatisfy { Slug($0.name) != nil }
    }

    private static func isVisible(_ text: String, _ length: ClosedRange<Int>) -> Bool {
        length.contains(text.utf8.count) && text.utf8.allSatisfy { (0x20...0x7E).contains($0) }
    }
}
