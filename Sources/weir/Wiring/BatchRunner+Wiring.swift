import WeirCore
import WeirHTTP
import WeirService
import WeirStorage

extension BatchRunner {
    /// A runner that has taken up what an earlier process has left: what that holds is held when
    /// this returns.
    static func start(
        _ configuration: Configuration, _ role: Role, _ pipeline: CompletionPipeline,
        _ store: SQLiteStore, _ useCases: UseCases, _ identifiers: TimeOrderedText
    ) async throws -> BatchRunner {
        let calls = LocalJobPerformer(useCases, settings: configuration.serverSettings(role))
        let runner = BatchRunner(
            pipeline: pipeline, jobs: store, store: store, settings: configuration.batches,
            rules: configuration.queues[.batchQueue]?.rules ?? QueueRules(),
            identifiers: identifiers, read: calls.completion)
        do {
            try await runner.adopt()
        } catch {
            throw StartFailure("the open batches can't be taken up: \(error.message)")
        }
        return runner
    }
}
