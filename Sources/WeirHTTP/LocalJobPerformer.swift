import HTTPTypes
package import Logging
package import WeirCore
package import WeirService

/// Makes jobs' calls to the AI service in this process, by the same way as a client's: its route,
/// its checks, its pipeline.
package struct LocalJobPerformer: JobPerformer {
    private let dispatcher: Dispatcher
    private let routes: Routes
    private let health: any HealthSource

    package init(
        _ use: UseCases, settings: ServerSettings, logger: Logger = Logger(label: "weir.jobs")
    ) {
        dispatcher = Dispatcher(use, settings: settings, logger: logger)
        routes = Routes(use: use, settings: settings)
        health = use.health
    }

    package var isAvailable: Bool { health.report().status != .unhealthy }

    package func perform(_ call: JobCall) async -> JobAnswer {
        let meter = CallMeter()
        let answer = await dispatcher.respond(
            to: head(of: call), body: call.body, from: call.caller, as: call.request, meter: meter)
        // A job asks for no stream, and its desk has seen to that.
        guard answer.stream == nil else { return .lost }
        return .answered(
            status: answer.status, retryAfter: answer[.retryAfter].flatMap { Int($0) },
            wasHeldBack: meter.tokens == nil,
            budgetReset: answer[.budgetReset].flatMap(Timestamp.init(rfc3339:)),
            body: answer.body)
    }

    /// What a job's call asks of the pipeline, for whoever takes it there in another way.
    package func completion(of call: JobCall) throws(WeirError) -> CompletionCall {
        try routes.completion(
            Call(
                head: head(of: call),
                request: call.request, caller: call.caller, parameter: "",
                query: try Query([], allowing: []),
                body: try RequestBodyReader.json(call.body, headers: head(of: call).headers)))
    }

    private func head(of call: JobCall) -> CallHead {
        CallHead(
            method: .post, target: "/ai/complete",
            headers: [.contentType: Answer.json, .idempotencyKey: call.idempotencyKey])
    }
}

extension Answer {
    fileprivate subscript(name: HTTPField.Name) -> String? {
        headers.first { $0.name == name }?.value
    }
}
