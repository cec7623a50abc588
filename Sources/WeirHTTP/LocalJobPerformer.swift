import HTTPTypes
package import Logging
import WeirCore
package import WeirService

/// Makes jobs' calls to the AI service in this process, by the same way as a client's: its route,
/// its checks, its pipeline.
package struct LocalJobPerformer: JobPerformer {
    private let dispatcher: Dispatcher
    private let health: any HealthSource

    package init(
        _ use: UseCases, settings: ServerSettings, logger: Logger = Logger(label: "weir.jobs")
    ) {
        dispatcher = Dispatcher(use, settings: settings, logger: logger)
        health = use.health
    }

    package var isAvailable: Bool { health.report().status != .unhealthy }

    package func perform(_ call: JobCall) async -> JobAnswer {
        let head = CallHead(
            method: .post, target: "/ai/complete",
            headers: [
                .contentType: Answer.json, .idempotencyKey: call.idempotencyKey,
            ])
        let answer = await dispatcher.respond(
            to: head, body: call.body, from: call.caller, as: call.request)
        // A job asks for no stream, and its desk has seen to that.
        guard answer.stream == nil else { return .lost }
        return .answered(
            status: answer.status, retryAfter: answer.retryAfter, body: answer.body)
    }
}

extension Answer {
    /// Seconds; nil where it says nothing of another try.
    fileprivate var retryAfter: Int? {
        headers.first { $0.name == .retryAfter }.flatMap { Int($0.value) }
    }
}
