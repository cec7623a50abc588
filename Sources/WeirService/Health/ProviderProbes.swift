import Synchronization
package import WeirCore

/// A request that costs nothing and shows whether a provider answers.
package struct ProviderProbe: Sendable {
    package let provider: ProviderName
    package let path: String
    package let headers: [HeaderField]

    package init(provider: ProviderName, path: String, headers: [HeaderField]) {
        self.provider = provider
        self.path = path
        self.headers = headers
    }
}

/// Probes every configured provider, all at once, and keeps the last result.
package final class ProviderProbes: Sendable {
    private let probes: [ProviderProbe]
    private let transport: any ProviderTransport
    private let time: any TimeSource
    private let results: Mutex<[ProviderName: ProbeResult]>

    package init(probes: [ProviderProbe], transport: any ProviderTransport, time: any TimeSource) {
        self.probes = probes
        self.transport = transport
        self.time = time
        let unknown = probes.map { ($0.provider, ProbeResult(provider: $0.provider)) }
        results = Mutex(Dictionary(unknown) { $1 })
    }

    /// The last results, by provider's name.
    package var last: [ProbeResult] {
        results.withLock { Array($0.values) }
            .sorted { $0.provider.description < $1.provider.description }
    }

    /// One round. A probe's time limit is the transport's.
    package func probeAll() async {
        await withTaskGroup { group in
            for probe in probes {
                group.addTask { await self.run(probe) }
            }
        }
    }

    private func run(_ probe: ProviderProbe) async {
        let clock = ContinuousClock()
        let start = clock.now
        let isAlive = await transport.probe(
            probe.provider, path: probe.path, headers: probe.headers)
        let elapsed = start.duration(to: clock.now).components
        // A cancelled probe says nothing about the provider.
        guard !Task.isCancelled else { return }
        let result = ProbeResult(
            provider: probe.provider, reachability: isAlive ? .ok : .unreachable,
            checkedAt: time.now(),
            latencyMilliseconds: elapsed.seconds * 1_000
                + elapsed.attoseconds / 1_000_000_000_000_000)
        results.withLock { $0[probe.provider] = result }
    }
}
