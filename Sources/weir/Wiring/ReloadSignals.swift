import ServiceLifecycle
import UnixSignals

/// Reloads the configuration at each SIGHUP, for as long as the process runs. Signals that come
/// while a reload is under way are one.
struct ReloadSignals: Service {
    let reload: ConfigurationReload?
    private let signals: UnixSignalsSequence

    /// From here on SIGHUP ends nothing.
    init(_ reload: ConfigurationReload?) async {
        self.reload = reload
        signals = await UnixSignalsSequence(trapping: .sighup)
    }

    func run() async {
        await cancelWhenGracefulShutdown {
            for await _ in signals { await reload?.reloadOnSignal() }
        }
    }
}
