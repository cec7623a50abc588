import Foundation

/// Recorded exchanges, found by id or by likeness to a request.
struct SandboxRecordings: Sendable {
    private var byID: [String: SandboxRecording] = [:]
    private var byBody: [String: SandboxRecording] = [:]
    private var byPrompt: [String: [SandboxRecording]] = [:]

    /// Reads `.jsonl` files, and those in folders.
    ///
    /// - Throws: an unreadable file, a malformed line, or more than the limit.
    init(paths: [String]) throws {
        var bytesLeft = SandboxLimits.recordingsBytes
        for path in try SandboxRecordings.files(paths) {
            let data = try Data(contentsOf: URL(fileURLWithPath: path))
            bytesLeft -= data.count
            guard bytesLeft >= 0 else {
                throw CocoaError(.fileReadTooLarge, userInfo: [NSFilePathErrorKey: path])
            }
            for line in data.split(separator: UInt8(ascii: "\n")) {
                if let recording = SandboxRecording(try SandboxJSON(Array(line))) {
                    add(recording)
                }
            }
        }
    }

    var count: Int { byID.count }

    func find(id: String) -> SandboxRecording? { byID[id] }

    /// The recording whose request equals this one; else one with the same model, last user text
    /// and kind of answer, preferably after as many messages.
    func match(_ body: SandboxJSON, _ call: SandboxCall) -> SandboxRecording? {
        if byID.isEmpty { return nil }
        let place = SandboxRecordings.place(call.provider, call.endpoint, call.model)
        if let same = byBody[place + body.text(sorted: true)] { return same }
        let alike = byPrompt[SandboxRecordings.prompt(call, place)] ?? []
        let length = SandboxRecordings.length(body)
        return alike.first { SandboxRecordings.length($0.request) == length } ?? alike.first
    }

    private mutating func add(_ recording: SandboxRecording) {
        byID[recording.id] = recording
        let place = SandboxRecordings.place(
            recording.provider, recording.endpoint, recording.model)
        let body = place + recording.request.text(sorted: true)
        if byBody[body] == nil { byBody[body] = recording }
        guard recording.reply.status < 300, let dialect = recording.endpoint.dialect
        else { return }
        var call = dialect.call(recording.request, recording.route)
        call.isStream = recording.isStream
        guard !call.lastUserText.isEmpty else { return }
        byPrompt[SandboxRecordings.prompt(call, place), default: []].append(recording)
    }

    private static func place(
        _ provider: SandboxProvider, _ endpoint: SandboxEndpoint, _ model: String
    ) -> String {
        "\(provider.rawValue) \(endpoint.rawValue) \(model) "
    }

    private static func prompt(_ call: SandboxCall, _ place: String) -> String {
        "\(place)\(call.isStream) \(call.lastUserText)"
    }

    private static func length(_ body: SandboxJSON) -> Int {
        (body["messages"] ?? body["input"] ?? body["contents"])?.array?.count ?? 1
    }

    private static func files(_ paths: [String]) throws -> [String] {
        try paths.flatMap { path in
            var isFolder: ObjCBool = false
            guard unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder),
                isFolder.boolValue
            else { return [path] }
            let names = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
            return names.filter { $0.hasSuffix(".jsonl") }.map { "\(path)/\($0)" }
        }
    }
}
