import Foundation
import NIOCore
import NIOPosix
import WeirCore
import WeirProviders
import WeirUpstream

/// The port that the server wants, and the providers that it calls.
enum NetworkChecks {
    static func port(_ server: Configuration.Server) async -> [Finding] {
        let address = "\(server.host):\(server.port)"
        do {
            let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .bind(host: server.host, port: server.port).get()
            try await channel.close()
            return [.ok("port", "\(address) is free")]
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            if await isWeir(server) {
                return [.warn("port", "a weir is running on \(address)", "fine if it is this one")]
            }
            return [
                .fail(
                    "port", "\(address) is taken by another program",
                    "stop it, or set server.port")
            ]
        } catch let error as IOError where error.errnoCode == EACCES {
            return [.fail("port", "\(address) isn't allowed", "take a port from 1024 up")]
        } catch {
            return [
                .fail(
                    "port", "\(address): \(plainReason(error))",
                    "set server.host to an address of this host")
            ]
        }
    }

    /// One cheap GET to each provider, all at once.
    static func providers(
        _ providers: [Configuration.Provider], timeout: Duration
    ) async -> [Finding] {
        await withTaskGroup(of: (Int, Finding).self) { group in
            for (index, provider) in providers.enumerated() {
                group.addTask { (index, await reach(provider, timeout)) }
            }
            var findings: [(Int, Finding)] = []
            for await finding in group { findings.append(finding) }
            return findings.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    private static func reach(
        _ provider: Configuration.Provider, _ timeout: Duration
    ) async -> Finding {
        let check = "provider \(provider.name)"
        let client = OneShotClient(
            group: MultiThreadedEventLoopGroup.singleton, authoritiesFile: provider.caFile)
        let headers = provider.apiKey.map { provider.kind.dialect.credentials($0.reveal) } ?? []
        let start = ContinuousClock.now
        do {
            let reply = try await client.request(
                method: .get, url: "\(provider.baseURL)\(provider.kind.probePath)",
                headers: headers, timeout: timeout)
            let time = (ContinuousClock.now - start).wholeMilliseconds
            switch reply.status {
            case 200..<300: return .ok(check, "answers in \(time) ms")
            case 401, 403:
                return .fail(check, "refuses the key (HTTP \(reply.status))", "check its api_key")
            case 500...:
                return .warn(check, "answers HTTP \(reply.status)", "look at the vendor's status")
            default:
                return .warn(
                    check, "answers HTTP \(reply.status) to a list of models",
                    "check base_url, unless this server has no such list")
            }
        } catch {
            return .fail(
                check, "\(provider.baseURL.host) can't be reached: \(error)",
                "check base_url, ca_file, the firewall and the proxy")
        }
    }

    private static func isWeir(_ server: Configuration.Server) async -> Bool {
        let client = OneShotClient(group: MultiThreadedEventLoopGroup.singleton)
        // Whatever isn't a Weir's answer means that it is none.
        let reply = try? await client.request(
            method: .get, url: "\(server.localURL)/health/live", timeout: .seconds(2))
        guard let body = reply?.body, let json = try? JSONParser.parse(body, .reply) else {
            return false
        }
        return json["status"]?.string != nil
    }
}
