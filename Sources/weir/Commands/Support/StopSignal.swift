import Foundation

/// SIGINT and SIGTERM, awaited instead of suffered.
struct StopSignal {
    private let signals: AsyncStream<Void>
    private let sources: [any DispatchSourceSignal]

    /// From here on the two signals no longer end the process by themselves.
    init() {
        let (stream, continuation) = AsyncStream.makeStream(
            of: Void.self, bufferingPolicy: .bufferingOldest(1))
        signals = stream
        sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number)
            source.setEventHandler { continuation.yield() }
            source.resume()
            return source
        }
    }

    func wait() async {
        var waiting = signals.makeAsyncIterator()
        await waiting.next()
        for source in sources { source.cancel() }
    }
}
