import NIOPosix
import WeirCore
import WeirUpstream

/// Calls a running Weir over its own HTTP interface.
struct AdminClient {
    /// Without a slash at its end.
    let url: String
    let key: Secret?
    let timeout: Duration

    func get(_ path: String, _ query: [(String, String?)] = []) async throws -> JSON {
        try await send(.get, path, query: query, body: nil)
    }

    func put(_ path: String, _ body: JSON) async throws -> JSON {
        try await send(.put, path, query: [], body: body)
    }

    func post(_ path: String, _ body: JSON) async throws -> JSON {
        try await send(.post, path, query: [], body: body)
    }

    func delete(_ path: String) async throws -> JSON {
        try await send(.delete, path, query: [], body: nil)
    }

    /// One value as a path's segment or a query's value.
    static func escape(_ text: String) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
                UInt8(ascii: "."), UInt8(ascii: "~"):
                bytes.append(byte)
            default:
                let digits = Array("0123456789ABCDEF".utf8)
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func send(
        _ method: RequestMethod, _ path: String, query: [(String, String?)], body: JSON?
    ) async throws -> JSON {
        let pairs = query.compactMap { name, value in
            value.map { "\(name)=\(AdminClient.escape($0))" }
        }
        let target = url + path + (pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&"))
        var headers = [HeaderField("accept", "application/json")]
        if let key { headers.append(HeaderField("authorization", "Bearer \(key.reveal)")) }
        if body != nil { headers.append(HeaderField("content-type", "application/json")) }
        let client = OneShotClient(group: MultiThreadedEventLoopGroup.singleton)
        let reply: OneShotClient.Reply
        do {
            reply = try await client.request(
                method: method, url: target, headers: headers, body: body?.encoded,
                timeout: timeout)
        } catch {
            throw unreachable(error)
        }
        return try read(reply)
    }

    private func unreachable(_ failure: RequestFailure) -> CommandFailure {
        let reason = "Weir can't be reached at \(url): \(failure)"
        let advice =
            failure.mayHaveBeenSent
            ? "The request may have been carried out; look before you repeat it."
            : "Is it running? Start it by: weir serve --config weir.yaml"
        return CommandFailure("\(reason)\n\(advice)", status: .unreachable)
    }

    private func read(_ reply: OneShotClient.Reply) throws -> JSON {
        let isSuccess = (200..<300).contains(reply.status)
        if isSuccess, reply.body.isEmpty { return .object(JSONObject()) }
        let json: JSON
        do {
            json = try JSONParser.parse(reply.body, .reply)
        } catch {
            throw CommandFailure(
                "HTTP \(reply.status) without JSON from \(url): is that Weir?",
                status: isSuccess ? .refused : .unreachable)
        }
        guard !isSuccess else { return json }
        let message = json["message"]?.string ?? "HTTP \(reply.status)"
        let code = json["error"]?.string ?? "status \(reply.status)"
        let request = json["request_id"]?.string.map { ", \($0)" } ?? ""
        throw CommandFailure(
            Console.harmless("\(message) (\(code)\(request))\(advice(reply.status))"))
    }

    private func advice(_ status: Int) -> String {
        guard status == 401 else { return "" }
        return key == nil
            ? "\nNo key was given: use --key, WEIR_ADMIN_KEY, or --config with an admin_key." : ""
    }
}
