import WeirCore
import WeirService

extension Routes {
    /// `GET /admin/prices`: what is in force now.
    func listPrices(_ call: Call) async throws(WeirError) -> Answer {
        Answer(try json(call.caller))
    }

    /// `PUT /admin/prices`: a price document over the others.
    func putPrices(_ call: Call) async throws(WeirError) -> Answer {
        try PriceDocumentShape.check(call.body)
        try await ai().prices.put(call.body, by: call.caller)
        return Answer(try json(call.caller))
    }

    private func json(_ caller: Caller) throws(WeirError) -> JSON {
        let found = try ai().prices.list(by: caller)
        return [
            "version": .string(found.version),
            "prices": .array(
                found.prices.map { price in
                    var object = JSONObject()
                    object.append("provider", .string(price.provider))
                    object.append("model", .string(price.model))
                    object.append(
                        "effective_from",
                        price.effectiveFrom.map { .string($0.rfc3339) } ?? .null)
                    price.describe(in: &object)
                    return .object(object)
                }),
        ]
    }
}
