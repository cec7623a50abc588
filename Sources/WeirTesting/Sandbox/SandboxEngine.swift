import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1

/// Decides what a request is answered with; keeps what outlives a request. Used from every
/// event loop at once.
final class SandboxEngine: Sendable {
    let configuration: SandboxConfiguration
    let truth: SandboxTruthLog
    let requests = SandboxRequestRing()
    let rules = SandboxBehaviourRules()
    let batches = SandboxBatches()
    private let recordings: SandboxRecordings
    private let serial = NIOLockedValueBox(0)

    init(_ configuration: SandboxConfiguration) throws {
        self.configuration = configuration
        recordings = try SandboxRecordings(paths: configuration.recordings)
        truth = try SandboxTruthLog(path: configuration.truthLogPath)
    }

    func close() {
        truth.closeFile()
    }

    func answer(_ request: SandboxRequest) -> SandboxAnswer {
        if request.path.utf8.starts(with: "/_sandbox".utf8) {
            return SandboxAnswer(reply: control(request))
        }
        requests.add(request)
        if let answer = batchAnswer(to: request) { return answer }
        guard let provider = SandboxRoute.provider(of: request.path) else {
            return SandboxAnswer(reply: SandboxReply(status: 404, body: "{\"error\":\"no route\"}"))
        }
        guard let answer = answerOne(request) else {
            let failure = SandboxFailure(
                status: 404, "Invalid URL (\(request.method.rawValue) \(request.path))")
            return SandboxAnswer(reply: SandboxErrorBody.reply(failure, provider))
        }
        return answer
    }

    /// Nil where the path leads nowhere.
    func answerOne(_ request: SandboxRequest) -> SandboxAnswer? {
        guard let route = SandboxRoute(method: request.method, path: request.path) else {
            return nil
        }
        let identifier = nextIdentifier()
        var exchange = SandboxExchange(request, route, identifier)
        do throws(SandboxFailure) {
            try answer(&exchange)
        } catch {
            exchange.answer.reply = SandboxErrorBody.reply(error, route.provider)
            exchange.refuse(status: error.status)
        }
        exchange.answer.reply.headers += SandboxHeaders.standard(route.provider, identifier)
        exchange.answer.latencyMilliseconds =
            configuration.latencyMilliseconds + (exchange.answer.behaviour.number(.latency) ?? 0)
        return exchange.answer
    }

    /// Writes down what an answer costs; called before its first byte is sent, or its last one.
    ///
    /// - Parameter events: of a stream that doesn't come to its end, those that were delivered.
    func bill(_ answer: SandboxAnswer, events: Int?) {
        let entry = events.map { answer.truth(after: $0) } ?? answer.truth
        if let entry { truth.append(entry) }
    }

    func nextIdentifier() -> SandboxIdentifier {
        SandboxIdentifier(
            serial: serial.withLockedValue {
                $0 += 1
                return $0
            })
    }

    private func answer(_ exchange: inout SandboxExchange) throws(SandboxFailure) {
        let (request, route) = (exchange.request, exchange.route)
        try SandboxCredentials.check(request, route.provider, required: configuration.requiredKey)
        guard !request.isTooLarge else {
            throw SandboxFailure(status: 413, "Request exceeds the maximum size.")
        }
        try exchange.overlay(header: request.headers.first(name: "x-sandbox"))
        guard route.endpoint != .models else {
            exchange.overlay(rules.take(route.provider, route.endpoint, model: ""))
            if try exchange.fail() { return }
            exchange.answer.reply = SandboxModelList.reply(route.provider)
            return
        }
        if let id = request.headers.first(name: "x-sandbox-recording") {
            guard let recording = recordings.find(id: id) else {
                throw SandboxFailure(status: 400, "sandbox: no recording \(id)")
            }
            return exchange.replay(recording)
        }
        let body = try SandboxEngine.body(of: request, route.provider)
        guard let dialect = route.endpoint.dialect else { return }
        try dialect.validate(body, route)
        var call = dialect.call(body, route)
        call.isArrayStream = call.isStream && request.parameter("alt") != "sse"
        exchange.accept(call)
        guard !SandboxEngine.isUnknown(call.model) else {
            throw SandboxVoice(provider: route.provider).modelNotFound(call.model)
        }
        try exchange.overlay(prompt: call.lastUserText)
        exchange.overlay(rules.take(route.provider, route.endpoint, model: call.model))
        if try exchange.fail() { return }
        if let recording = recordings.match(body, call) { return exchange.replay(recording) }
        exchange.generate(call, dialect)
    }

    static func body(
        of request: SandboxRequest, _ provider: SandboxProvider
    ) throws(SandboxFailure) -> SandboxJSON {
        do throws(SandboxJSON.Malformed) {
            return try SandboxJSON(Array(request.body.readableBytesView))
        } catch {
            throw SandboxVoice(provider: provider).malformed(error)
        }
    }

    /// Model names that no provider has, for tests of that.
    private static func isUnknown(_ model: String) -> Bool {
        model.isEmpty || model.hasPrefix("no-such") || model.contains("does-not-exist")
    }
}
