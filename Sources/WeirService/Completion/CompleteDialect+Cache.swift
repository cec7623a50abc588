package import WeirCore

extension CompleteDialect {
    /// The envelope says the request and the cost; what the model has read and written is said as
    /// it was.
    package func reissue(_ body: [UInt8], contentType: String, to request: RequestID) -> [UInt8] {
        guard contentType != CompletionReply.json else { return envelope(body[...], request) }
        // The last event's data is the envelope: JSON in one line.
        let mark = Array("\ndata: ".utf8)
        let last = body.indices.last { body[$0] == mark[0] && body[$0...].starts(with: mark) }
        guard let last else { return body }
        let data = body[(last + mark.count)...].prefix { $0 != mark[0] }
        return body[..<data.startIndex] + envelope(data, request) + body[data.endIndex...]
    }

    private func envelope(_ bytes: ArraySlice<UInt8>, _ request: RequestID) -> [UInt8] {
        let json: JSON
        do throws(JSONError) {
            json = try JSONParser.parse(Array(bytes), .reply)
        } catch {
            // Not what this dialect writes: it is given as it is.
            return Array(bytes)
        }
        guard var object = json.object else { return Array(bytes) }
        object.set("cost_usd", JSON(Money.zero))
        object.set("request_id", .string(request.description))
        return JSON.object(object).encoded
    }
}
