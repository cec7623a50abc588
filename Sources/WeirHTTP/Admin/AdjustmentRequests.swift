import WeirCore
import WeirService

extension Routes {
    /// `POST /admin/adjustments`
    func createAdjustment(_ call: Call) async throws(WeirError) -> Answer {
        let fields = try BodyFields(
            call.body, allowing: ["tenant_id", "attempt_id", "amount_usd", "reason"])
        let tenant = try fields.integer("tenant_id", in: 1...Int64.max).flatMap(TenantID.init)
        let order = AdjustmentOrder(
            tenant: try fields.required("tenant_id", tenant),
            attempt: try attemptID(fields),
            amount: try fields.required("amount_usd", try fields.amount("amount_usd")),
            reason: try fields.required("reason", try fields.text("reason")),
            request: call.request)
        let row = try await use.adjustments.book(order, by: call.caller)
        return Answer(status: 201, row.json)
    }

    /// As the log writes it: a string, since it is above what a double can hold; or an integer.
    private func attemptID(_ fields: BodyFields) throws(WeirError) -> AttemptID {
        let value = try fields.required("attempt_id", fields["attempt_id"])
        guard let number = value.integer ?? value.string.flatMap(plainInteger), number > 0 else {
            throw fields.error("attempt_id", "must be an attempt's id, as in the log")
        }
        return AttemptID(number: number)
    }
}
