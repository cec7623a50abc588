import Testing
import WeirCore
import WeirService
import WeirTesting

@Suite struct HealthTests {
    private func monitor(
        _ transport: ScriptedTransport, _ ledger: InMemoryLedgerStore = InMemoryLedgerStore(),
        machine: MachineReading = MachineReading(), interval: Duration = .seconds(5)
    ) throws -> HealthMonitor {
        let probes = try ["acme", "other"].map {
            ProviderProbe(provider: try name($0), path: "/models", headers: [])
        }
        return HealthMonitor(
            ledger: ledger,
            providers: ProviderProbes(probes: probes, transport: transport, time: ManualTime()),
            readMachine: { machine }, interval: interval)
    }

    private func transport() -> ScriptedTransport { ScriptedTransport { _ in .notSent("") } }

    @Test func `one dead provider degrades, all of them make unhealthy`() async throws {
        let transport = transport()
        let monitor = try monitor(transport)
        #expect(monitor.report().status == .degraded)
        #expect(monitor.probes().allSatisfy { $0.reachability == .unknown })
        await monitor.check()
        #expect(monitor.report().status == .healthy)
        transport.setDead(true, try name("acme"))
        await monitor.check()
        #expect(monitor.report().status == .degraded)
        #expect(monitor.report().providers[try name("acme")] == .unreachable)
        transport.setDead(true, try name("other"))
        await monitor.check()
        #expect(monitor.report().status == .unhealthy)
        transport.setDead(false, try name("other"))
        await monitor.check()
        #expect(monitor.report().status == .degraded)
        #expect(monitor.probes().allSatisfy { $0.checkedAt != nil })
    }

    @Test func `a failed ledger is unhealthy, whatever else is well`() async throws {
        let ledger = InMemoryLedgerStore()
        let monitor = try monitor(transport(), ledger)
        await monitor.check()
        ledger.fail(with: .unavailable("disk"))
        #expect(monitor.report().status == .unhealthy)
        #expect(!monitor.report().isDatabaseSound)
    }

    @Test(arguments: [(4, 10), (50, 96)])
    func `a machine at its end degrades`(disk: Int, memory: Int) async throws {
        let machine = MachineReading(memoryUsedPercent: memory, diskFreePercent: disk)
        let monitor = try monitor(transport(), machine: machine)
        await monitor.check()
        #expect(monitor.report().status == .degraded)
    }

    @Test func `it runs until it is cancelled`() async throws {
        let monitor = try monitor(transport(), interval: .milliseconds(1))
        let task = Task { await monitor.run() }
        while monitor.report().status != .healthy { await Task.yield() }
        task.cancel()
        await task.value
    }

    @Test func `this machine can be read`() {
        let reading = MachineReading.current(diskPath: "/")
        for percent in [reading.memoryUsedPercent, reading.diskFreePercent].compactMap(\.self) {
            #expect((0...100).contains(percent))
        }
        #expect(MachineReading.current(diskPath: "/nowhere/at/all").diskFreePercent == nil)
    }
}
