import WeirCore

/// One call on its way through its routes: what is left to try, what has been tried, and what the
/// caller hears if nothing answers.
struct CompletionRun: Sendable {
    /// As it came; once it was screened, as it is sent.
    var call: CompletionCall
    let tenant: Tenant
    let date: BillingDate
    /// Of the first attempt; all of them share it.
    private(set) var claim: IdempotencyClaim?
    /// Attempts made so far; their numbers are dense from 1.
    private(set) var attempts = 0
    /// Where the last attempt went.
    private(set) var lastRoute: Route?
    /// Whether an attempt cost something.
    private(set) var hasCharged = false
    /// Its place among what its scopes may ask for; nil where nothing limits it.
    var permit: CallPermit?
    /// Its place among the calls in flight.
    var slot: CallSlot?
    private var sequence: RouteSequence
    /// Why the first route was skipped, and how the last attempt failed.
    private var skipped: WeirError?
    private var failed: WeirError?

    init(call: CompletionCall, tenant: Tenant, date: BillingDate, routes: [Route]) {
        self.call = call
        self.tenant = tenant
        self.date = date
        sequence = RouteSequence(routes)
    }

    /// The next route to be tried.
    var route: Route? { sequence.current }

    /// The route can't be asked: it can't carry the request, or it is not to be asked now.
    mutating func skip(_ error: WeirError) {
        if skipped == nil { skipped = error }
        sequence.skip()
    }

    /// Which of the routes is at hand; a route that was full may be gone back to.
    var position: Int {
        get { sequence.position }
        set { sequence.position = newValue }
    }

    /// An attempt's INTENT is durable.
    mutating func begin(on route: Route, claim: IdempotencyClaim?) {
        if attempts == 0 { self.claim = claim }
        attempts += 1
        lastRoute = route
        sequence.noteAttempt()
    }

    /// What an attempt of this call is charged; asked once for each.
    mutating func charge(_ end: Charge.End, of attempt: Attempt) -> Charge {
        let charge = Charge(
            end: end, worst: attempt.worst, price: attempt.route.price,
            reasoning: call.reasoning, billsErrors: attempt.provider.billsErrors)
        let tokens = charge.tokens(attempt.worst)
        permit?.use(tokens)
        call.meter?.add(tokens)
        hasCharged = hasCharged || charge.basis != .none
        return charge
    }

    /// The wait before the next attempt; nil where this one was the last.
    mutating func goesOn(
        after end: AttemptEnd, charged: Charge, _ rules: RetryRules, dice: UInt64
    ) -> Duration? {
        if case .failure(let error) = end.answer { failed = error }
        return sequence.goesOn(
            after: end.ending, wasCharged: charged.basis != .none, rules, dice: dice)
    }

    /// What the caller hears where no attempt has brought an answer.
    var failure: WeirError {
        failed ?? skipped ?? WeirError(.providerUnavailable, "No AI provider can be asked now")
    }
}
