import Testing
import WeirCore
import WeirService

@testable import weir

@Suite("Reading the queues of jobs")
struct QueueConfigurationTests {
    private func read(_ yaml: String, _ environment: [String: String] = [:]) throws -> JobQueues {
        try Configuration.read(yaml: yaml, environment: environment).configuration.queues
    }

    private func name(_ text: String) throws -> QueueName { try #require(QueueName(text)) }

    @Test(
        "Three queues are there without a word", arguments: ["", "queues:", "queues: { other: }"])
    func standard(yaml: String) throws {
        let queues = try read(yaml)
        for name in [QueueName.standardQueue, .reportQueue, .batchQueue] {
            #expect(queues[name] == JobQueues.Queue())
        }
        let names = queues.names.map(\.description)
        #expect(names.prefix(3) == ["ai-reports", "batch", "default"])
        #expect(queues[try name("nowhere")] == nil)
    }

    @Test("Every key of a queue is read, and listed as it was read")
    func everyKey() throws {
        let yaml = """
            queues:
              overnight:
                concurrency: 7
                attempts: 5
                attempt_timeout: 90s
                lease: 20s
                per_minute: 60
                retry_base: 1s
                retry_cap: 20m
                retention: 24h
                most_waiting: 10
                deadline: 72h
            """
        var queue = JobQueues.Queue()
        (queue.rules.concurrency, queue.rules.attempts, queue.rules.perMinute) = (7, 5, 60)
        (queue.rules.attemptTimeout, queue.rules.lease) = (.seconds(90), .seconds(20))
        (queue.rules.base, queue.rules.cap) = (.seconds(1), .seconds(1_200))
        (queue.rules.retention, queue.deadline) = (.seconds(86_400), .seconds(3 * 86_400))
        queue.mostWaiting = 10
        let reading = try Configuration.read(yaml: yaml, environment: [:])
        #expect(reading.configuration.queues == JobQueues([try name("overnight"): queue]))
        let again = try Configuration.read(yaml: reading.configuration.listing, environment: [:])
        #expect(again.configuration.queues == reading.configuration.queues)
    }

    @Test("The environment overrides a queue that is always there")
    func environment() throws {
        let queues = try read("", ["WEIR_QUEUES_DEFAULT_CONCURRENCY": "9"])
        #expect(queues[.standardQueue]?.rules.concurrency == 9)
    }

    @Test(
        "Mistakes are told with their path",
        arguments: [
            ("{ default: { concurrency: 0 } }", "queues.default.concurrency"),
            ("{ default: { attempts: 21 } }", "queues.default.attempts"),
            ("{ default: { lease: 0s } }", "queues.default.lease"),
            ("{ default: { deadline: 721h } }", "queues.default.deadline"),
            ("{ default: { retry_cap: 1s } }", "queues.default.retry_cap"),
            ("{ default: { most_waiting: 0 } }", "queues.default.most_waiting"),
            ("{ default: { prority: 1 } }", "queues.default.prority"),
            ("{ 'two words': }", "queues.two words"),
            ("{ default: 3 }", "queues.default"), ("[]", "queues"),
        ])
    func mistakes(yaml: String, path: String) throws {
        let error = #expect(throws: ConfigurationError.self) { try read("queues: \(yaml)") }
        #expect(error?.mistakes.map(\.path) == [path])
    }
}
