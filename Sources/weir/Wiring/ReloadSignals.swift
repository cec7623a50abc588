import ServiceLifecycle
import UnixSignals

/// Reloads the configuration at each SIGHUP, one after the other, for as long as the process runs.
struct ReloadSignals: Service {
    typealias Signals = UnixSignalsSequence

    let reload: ConfigurationReload
    /// From its making on SIGHUP ends nothing.
    let signals: Signals

    func run() async {
        await cancelWhenGracefulShutdown {
            for await _ in signals { await reload.reloadOnSignal() }
        }
    }
}
