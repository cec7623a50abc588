import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization
import Testing
import WeirCore
import WeirService

@testable import WeirUpstream

/// From configured URLs to instances.
@Suite struct ResolvedInstancesTests {
    @Test func `each address of each host is an instance`() async throws {
        try await withClient { client in
            let names = Names(["a.test": ["10.0.0.2", "10.0.0.1"], "b.test": ["fd00::1"]])
            let source = try source(
                ["http://a.test:8080", "http://b.test", "https://127.0.0.9:9"], client, names)
            let expected = [
                "ai/10.0.0.1:8080", "ai/10.0.0.2:8080", "ai/127.0.0.9:9", "ai/fd00::1:80",
            ]
            #expect(await source.instances() == expected.map(slug))
            #expect(names.asked == ["a.test", "b.test"], "an address is no question")
        }
    }

    @Test func `what two URLs have in common is there once`() async throws {
        try await withClient { client in
            let names = Names(["a.test": ["10.0.0.1", "10.0.0.1"], "b.test": ["10.0.0.1"]])
            let source = try source(["http://a.test", "http://b.test"], client, names)
            #expect(await source.instances() == [slug("ai/10.0.0.1:80")])
        }
    }

    @Test func `a host that can't be resolved keeps its last addresses`() async throws {
        try await withClient { client in
            let names = Names([:])
            let source = try source(["http://a.test", "http://b.test"], client, names)
            #expect(await source.instances() == nil, "nothing was ever known")
            names.set(["a.test": ["10.0.0.1"]])
            #expect(await source.instances() == [slug("ai/10.0.0.1:80")])
            names.set(["b.test": ["10.0.0.2"], "a.test": []])
            #expect(await source.instances() == [slug("ai/10.0.0.1:80"), slug("ai/10.0.0.2:80")])
            names.set([:])
            #expect(await source.instances() == [slug("ai/10.0.0.1:80"), slug("ai/10.0.0.2:80")])
            names.set(["a.test": ["10.0.0.3"]])
            #expect(await source.instances() == [slug("ai/10.0.0.2:80"), slug("ai/10.0.0.3:80")])
        }
    }

    @Test func `a resolver that hangs is waited for no longer than allowed`() async throws {
        try await withClient { client in
            let names = Names(["a.test": ["10.0.0.1"]])
            let isHanging = Flag()
            let source = try ResolvedInstances(
                pool: pool, urls: [try BaseURL("http://a.test")], client: client,
                lookupLimit: .milliseconds(50)
            ) { host, port in
                while isHanging.isRaised { Thread.sleep(forTimeInterval: 0.001) }
                return try names.lookup(host, port)
            }
            isHanging.raise(true)
            for _ in 0..<3 { #expect(await source.instances() == nil) }
            isHanging.raise(false)
            var found: [InstanceName]?
            for _ in 0..<10_000 where found == nil { found = await source.instances() }
            #expect(found == [slug("ai/10.0.0.1:80")])
        }
    }

    @Test func `no more addresses than a pool may have`() async throws {
        try await withClient { client in
            let addresses = (0..<300).map { "10.0.\($0 / 100).\($0 % 100)" }
            let source = try source(
                ["http://a.test"], client, Names(["a.test": addresses]))
            #expect(await source.instances()?.count == 256)
        }
    }

    @Test(arguments: [0, 65])
    func `a pool has a URL, and not too many`(count: Int) async throws {
        try await withClient { client in
            let urls = Array(repeating: "http://a.test", count: count)
            let names = Names([:])
            #expect(throws: UpstreamConfigurationError.self) {
                _ = try source(urls, client, names)
            }
        }
    }

    @Test func `the system's resolver knows localhost`() async throws {
        try await withClient { client in
            let source = try ResolvedInstances(
                pool: pool, urls: [try BaseURL("http://localhost:8080")], client: client)
            let found = try #require(await source.instances())
            #expect(found.contains(slug("ai/127.0.0.1:8080")))
        }
    }

    @Test func `a name that doesn't exist has no addresses`() {
        #expect(throws: LookupFailure.self) {
            _ = try AddressLookup.addresses(of: "no-such-host.invalid", port: 80)
        }
    }
}

extension ResolvedInstancesTests {
    @Test func `each address is reached under its host's name`() async throws {
        let first = try await ScriptedServer(.init())
        let second = try await ScriptedServer(.init(), host: "127.0.0.2", port: first.port)
        try await withClient { client in
            let names = Names(["ai.test": ["127.0.0.1", "127.0.0.2"]])
            let source = try source(["http://ai.test:\(first.port)"], client, names)
            let instances = try #require(await source.instances())
            for instance in instances {
                #expect(await wholeText(client.forward(instanceCall(instance))) == "200 ok end")
            }
            for server in [first, second] {
                #expect(server.seen.requests.count == 1)
                let host = "host: ai.test:\(first.port)\r\n"
                #expect(server.seen.requests.first?.contains(host) == true)
            }
            names.set(["ai.test": ["127.0.0.2"]])
            #expect(await source.instances() == [instances[1]])
            let gone = instanceCall(instances[0])
            #expect(await wholeText(client.forward(gone)) == "not sent")
        }
        try await first.stop()
        try await second.stop()
    }

    @Test(arguments: ["localhost", "other.test"])
    func `TLS proves the host's name, whatever the address`(host: String) async throws {
        try await withSecureServer { server, authorities in
            try await withClient { client in
                let names = Names([host: ["127.0.0.1"]])
                let source = try ResolvedInstances(
                    pool: pool, urls: [try BaseURL("https://\(host):\(server.port)")],
                    client: client, authoritiesFile: authorities, lookupLimit: .seconds(60),
                    lookup: names.lookup)
                let instance = try #require(await source.instances()?.first)
                let outcome = await wholeText(client.forward(instanceCall(instance)))
                #expect(outcome == (host == "localhost" ? "200 ok end" : "not sent"))
            }
        }
    }

    @Test func `authorities need a URL that is secure`() async throws {
        try await withClient { client in
            #expect(throws: UpstreamConfigurationError.self) {
                _ = try ResolvedInstances(
                    pool: pool, urls: [try BaseURL("http://a.test")], client: client,
                    authoritiesFile: "/nowhere/ca.pem")
            }
        }
    }

    private func withClient(_ body: (InstanceClient) async throws -> Void) async throws {
        let client = try InstanceClient(
            group: MultiThreadedEventLoopGroup.singleton, grace: .zero)
        try await body(client)
        await client.shutdown()
    }

    private func source(
        _ urls: [String], _ client: InstanceClient, _ names: Names
    ) throws -> ResolvedInstances {
        try ResolvedInstances(
            pool: pool, urls: try urls.map { try BaseURL($0) }, client: client,
            lookupLimit: .seconds(60), lookup: names.lookup)
    }
}

/// A resolver that answers what it is told; a host that it doesn't know fails.
private final class Names: Sendable {
    private let table = Mutex<[String: [String]]>([:])
    private let questions = Mutex<Set<String>>([])

    init(_ table: [String: [String]]) { set(table) }

    var asked: Set<String> { questions.withLock { $0 } }

    func set(_ new: [String: [String]]) { table.withLock { $0 = new } }

    func lookup(_ host: String, _ port: Int) throws -> [SocketAddress] {
        questions.withLock { _ = $0.insert(host) }
        guard let addresses = table.withLock({ $0[host] }) else {
            throw LookupFailure(description: "\(host) can't be resolved")
        }
        return try addresses.map { try SocketAddress(ipAddress: $0, port: port) }
    }
}

private final class Flag: Sendable {
    private let value = Atomic(false)

    var isRaised: Bool { value.load(ordering: .acquiring) }
    func raise(_ isRaised: Bool) { value.store(isRaised, ordering: .releasing) }
}
