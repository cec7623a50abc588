import NIOPosix
import WeirCore
import WeirService
import WeirUpstream

/// The instances behind a gateway: whether they can be found, and are well.
enum InstanceChecks {
    static func all(_ gateway: Configuration.Gateway, timeout: Duration) async -> [Finding] {
        var findings: [Finding] = []
        for pool in gateway.pools { findings += await check(pool, timeout) }
        return findings
    }

    private static func check(
        _ pool: Configuration.Gateway.Pool, _ timeout: Duration
    ) async -> [Finding] {
        let name = pool.plan.name
        do {
            let client = try InstanceClient(group: MultiThreadedEventLoopGroup.singleton)
            let source = try ResolvedInstances(
                pool: name, urls: pool.instances, client: client, authoritiesFile: pool.caFile,
                connectionAge: pool.maxConnectionAge)
            guard let instances = await source.instances() else {
                return [
                    .fail(
                        "pool \(name)", "none of its hosts can be resolved",
                        "check gateway.pools.\(name).instances and the name server")
                ]
            }
            var findings: [Finding] = []
            for instance in instances {
                findings.append(await ask(instance, pool.plan.check, client, timeout))
            }
            await client.shutdown()
            return findings
        } catch {
            return [
                .fail("pool \(name)", error.description, "mend gateway.pools.\(name).ca_file")
            ]
        }
    }

    private static func ask(
        _ instance: InstanceName, _ check: HealthCheck, _ client: InstanceClient,
        _ timeout: Duration
    ) async -> Finding {
        let title = "instance \(instance)"
        let start = ContinuousClock.now
        guard let answer = await client.check(instance, path: check.path, within: timeout) else {
            return .fail(
                title, "doesn't answer", "start it, or look at what is between here and there")
        }
        let time = (ContinuousClock.now - start).wholeMilliseconds
        guard answer.status == check.status else {
            return .fail(
                title, "answers HTTP \(answer.status) at \(check.path)",
                "look at its log; it gets no call")
        }
        if let text = check.text, !answer.body.contains(Array(text.utf8)) {
            return .fail(
                title, "answers without the text of health.body",
                "look at its log; it gets no call")
        }
        return .ok(title, "is well, answers in \(time) ms")
    }
}
