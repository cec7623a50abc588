import WeirCore
import WeirProviders

/// A client's request: refused by name, or read with a bound that no prose exceeds, and then sent
/// to every provider in its own form or refused by name.
func fuzzRequest(_ bytes: [UInt8], _ wire: Wire) {
    // The server's parser is strict, so that nothing else reaches a dialect.
    guard let body = (try? JSONParser.parse(bytes, .request))?.object,
        let client = ClientDialects.chat.first(where: { $0.wire == wire })
    else { return }
    let isOfPath = wire == .generateContent
    let isStream = bytes.count.isMultiple(of: 2)
    let request: ClientRequest
    do throws(WeirError) {
        request = try client.decode(
            body, model: isOfPath ? ModelName("gemini-2.5-flash") : nil,
            isStream: isOfPath ? isStream : nil)
    } catch {
        require(error.code == .invalidRequest, "\(error)")
        return
    }
    require(request.body == body, "the body is changed")
    require((1...128).contains(request.choices), "\(request.choices) choices")
    require(request.input.textBytes >= prose(request.chat), "the bound is below the prose")
    require(request.input.items >= Int64(request.chat.messages.count), "items below messages")
    for kind in ProviderKind.allCases {
        translate(request, kind, isStream)
        passThrough(request, kind, wire, isStream)
    }
}

private func prose(_ chat: ChatRequest) -> Int64 {
    let texts = chat.messages.flatMap(\.parts).map { part in
        ChatMessage(role: .user, parts: [part]).text.utf8.count
    }
    return Int64(texts.reduce(0, +) + (chat.system?.utf8.count ?? 0))
}

private func translate(_ request: ClientRequest, _ kind: ProviderKind, _ isStream: Bool) {
    var chat = request.chat
    chat.maxTokens = request.maxTokens ?? 4_096
    do throws(WeirError) {
        let sent = try kind.dialect.encode(chat, isStream: isStream)
        let body = try? JSONParser.parse(sent.body, .reply)
        require(body?.object?.hasDuplicates == false, "\(kind) is sent no object")
        guard let wire = kind.dialect.wires.first,
            let client = ClientDialects.chat.first(where: { $0.wire == wire }),
            let object = body?.object
        else { return }
        // What Weir writes it reads itself, but for what another wire limits more closely.
        let again = try? client.decode(object, model: chat.model, isStream: nil)
        guard let again else { return }
        require(again.chat.tools.map(\.name) == chat.tools.map(\.name), "\(kind): other tools")
        require(again.maxTokens == chat.maxTokens, "\(kind): another cap")
    } catch {
        require(error.code == .invalidRequest && error.param != nil, "\(kind): \(error)")
    }
}

private func passThrough(
    _ request: ClientRequest, _ kind: ProviderKind, _ wire: Wire, _ isStream: Bool
) {
    guard kind.dialect.wires.contains(wire), let model = ModelName("provider/model") else { return }
    let sent = kind.dialect.passThrough(
        PassThrough(
            body: request.body, wire: wire, model: model, maxTokens: 77, isStream: isStream))
    guard let body = (try? JSONParser.parse(sent.body, .reply))?.object else {
        return require(false, "\(kind) is passed no object")
    }
    guard let client = ClientDialects.chat.first(where: { $0.wire == wire }),
        let again = try? client.decode(body, model: model, isStream: isStream)
    else { return require(false, "\(kind) is passed what can't be read") }
    require(again.maxTokens == 77, "\(kind) is passed another cap")
}
