import NIOHTTP1

/// One request on its way to an answer: what is known of it, and what it will be billed.
struct SandboxExchange {
    let request: SandboxRequest
    let route: SandboxRoute
    let identifier: SandboxIdentifier
    var answer: SandboxAnswer

    /// What was asked of this request alone; it wins over standing rules.
    private var own = SandboxBehaviour()
    private var entry: SandboxTruth

    init(_ request: SandboxRequest, _ route: SandboxRoute, _ identifier: SandboxIdentifier) {
        self.request = request
        self.route = route
        self.identifier = identifier
        answer = SandboxAnswer(reply: SandboxReply(body: "{}"))
        entry = SandboxTruth(
            identifier: identifier, route: route,
            clientRequestID: request.headers.first(name: "x-client-request-id"))
    }

    /// Lays the behaviour of the header `x-sandbox` over what is there.
    mutating func overlay(header: String?) throws(SandboxFailure) {
        guard let header else { return }
        try overlayOwn { () throws(SandboxBehaviour.Unknown) in try .init(text: header) }
    }

    /// Lays the behaviour that the prompt asks for under the header's.
    mutating func overlay(prompt: String) throws(SandboxFailure) {
        let header = own
        try overlayOwn { () throws(SandboxBehaviour.Unknown) in try .init(prompt: prompt) }
        own = own.overlaid(by: header)
        answer.behaviour = own
    }

    /// Lays a standing rule under everything else.
    mutating func overlay(_ rule: SandboxBehaviour) {
        answer.behaviour = rule.overlaid(by: own)
    }

    private mutating func overlayOwn(
        _ read: () throws(SandboxBehaviour.Unknown) -> SandboxBehaviour
    ) throws(SandboxFailure) {
        do throws(SandboxBehaviour.Unknown) {
            own = own.overlaid(by: try read())
            answer.behaviour = own
        } catch {
            throw SandboxFailure(status: 400, "sandbox: \(error.reason)")
        }
    }

    mutating func accept(_ call: SandboxCall) {
        entry.model = call.model
        entry.usage.input = call.inputTokens
    }

    /// A refused request costs nothing.
    mutating func refuse(status: Int) {
        entry.usage = SandboxUsage()
        record(status: status, isBilled: false, isReported: false)
    }

    /// Answers with the status that is commanded, if one is.
    mutating func fail() throws(SandboxFailure) -> Bool {
        guard let status = answer.behaviour.number(.status) else { return false }
        var failure = SandboxFailure.commanded(
            status: status, code: answer.behaviour.word(.errorCode),
            retryAfter: answer.behaviour.number(.retryAfter))
        failure.tellsDate = answer.behaviour.has(.retryAfterDate)
        guard answer.behaviour.word(.billed) == "true" else { throw failure }
        // The work was done, then the answer was lost.
        answer.reply = SandboxErrorBody.reply(failure, route.provider)
        record(status: status, isBilled: true, isReported: false)
        return true
    }

    mutating func generate(_ call: SandboxCall, _ dialect: any SandboxDialect.Type) {
        let turn = SandboxTurn(call, answer.behaviour, identifier)
        answer.reply = dialect.reply(turn)
        entry.usage = turn.usage
        let isBilled = route.endpoint.isBilled && answer.behaviour.word(.billed) != "false"
        record(status: 200, isBilled: isBilled, isReported: answer.reply.reportsUsage)
    }

    mutating func replay(_ recording: SandboxRecording) {
        answer.reply = recording.reply
        if entry.model.isEmpty { entry.model = recording.model }
        entry.usage = recording.usage ?? SandboxUsage()
        entry.recording = recording.id
        let isBilled = recording.reply.status < 300 && route.endpoint.isBilled
        record(
            status: recording.reply.status, isBilled: isBilled,
            isReported: recording.usage != nil)
    }

    private mutating func record(status: Int, isBilled: Bool, isReported: Bool) {
        entry.status = status
        entry.isBilled = isBilled
        entry.isReported = isReported && !answer.behaviour.cutsAnswer
        entry.behaviour = answer.behaviour.text
        answer.truth = entry
    }
}
