package import WeirCore

/// Runs a job's calls through the AI service, like anyone's. Two implementations: the service in
/// this process, and the instances behind a gateway.
package protocol JobPerformer: Sendable {
    /// Whether a call would find the service; while it wouldn't, no job is claimed.
    var isAvailable: Bool { get }

    /// Makes one call. It is not made again by itself, whatever becomes of it.
    func perform(_ call: JobCall) async -> JobAnswer
}

/// One call of a job, `POST /ai/complete`.
package struct JobCall: Sendable {
    /// A new one for each call; the ledger's rows have it.
    package let request: RequestID
    /// Who asked for the job, with no more than the job's tenant in reach.
    package let caller: Caller
    /// For whom it is made; it is in the body, too.
    package let tenant: TenantID
    package let user: UserID
    /// What picks the pool; it is in the body, too.
    package let feature: FeatureSlug
    /// `job:<id>:<epoch>`, and behind it `:<number>` where a job makes several calls. Each claim
    /// has its own: what an earlier one was answered is never answered again.
    package let idempotencyKey: String
    /// A whole body of `POST /ai/complete`.
    package let body: [UInt8]

    package init(
        request: RequestID, caller: Caller, tenant: TenantID, user: UserID,
        feature: FeatureSlug, idempotencyKey: String, body: [UInt8]
    ) {
        self.request = request
        self.caller = caller
        self.tenant = tenant
        self.user = user
        self.feature = feature
        self.idempotencyKey = idempotencyKey
        self.body = body
    }
}

package enum JobAnswer: Sendable, Equatable {
    /// What a client would have read: the envelope, or an error in Weir's own form.
    ///
    /// - Parameters:
    ///   - retryAfter: seconds.
    ///   - wasHeldBack: proved: no provider was asked.
    ///   - budgetReset: of a refusal for want of budget: when that begins anew, if it is known.
    case answered(
        status: Int, retryAfter: Int?, wasHeldBack: Bool, budgetReset: Timestamp? = nil,
        body: [UInt8])
    /// Proved: no instance was asked.
    case notSent
    /// It was asked, and is lost: what it cost, if anything, is in its ledger.
    case lost
}
