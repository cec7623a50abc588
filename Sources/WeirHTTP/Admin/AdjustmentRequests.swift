import HTTPTypes
import WeirCore
import WeirService

extension Routes {
    /// `POST /admin/adjustments`: with an idempotency key it is booked once, however often it is
    /// sent.
    func createAdjustment(_ call: Call) async throws(WeirError) -> Answer {
        let fields = try BodyFields(
            call.body, allowing: ["tenant_id", "attempt_id", "amount_usd", "reason"])
        let tenant = try fields.integer("tenant_id", in: 1...Int64.max).flatMap(TenantID.init)
        let required = try fields.required("tenant_id", tenant)
        let order = AdjustmentOrder(
            tenant: required,
            attempt: try attemptID(fields),
            amount: try fields.required("amount_usd", try fields.amount("amount_usd")),
            reason: try fields.required("reason", try fields.text("reason")),
            request: call.request)
        let booking = try await ai().adjustments.book(
            order, idempotency: try idempotencyKey(call, required), by: call.caller
        ) { row in StoredReply(status: 201, body: row.json.encoded) }
        var answer = Answer(status: booking.reply.status, body: booking.reply.body)
        if booking.isReplay {
            answer.headers.append(HTTPField(name: .idempotentReplayed, value: "true"))
        }
        return answer
    }

    /// As the log writes it: a string, since it is above what a double can hold; or an integer.
    private func attemptID(_ fields: BodyFields) throws(WeirError) -> AttemptID {
        let value = try fields.required("attempt_id", fields["attempt_id"])
        guard let number = value.wholeNumber ?? value.string.flatMap(plainInteger), number > 0
        else {
            throw fields.error("attempt_id", "must be an attempt's id, as in the log")
        }
        return AttemptID(number: number)
    }
}
