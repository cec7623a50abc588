import WeirCore

/// An id that a provider gave, where it may go into a path again.
func identifier(_ json: JSON?) -> Slug? { json?.string.flatMap { Slug($0) } }

/// An id as one segment of a path: a slash in it would lead elsewhere.
func pathSegment(_ id: Slug) -> String {
    var text = ""
    for byte in id.description.utf8 {
        switch byte {
        case UInt8(ascii: "/"): text += "%2F"
        case UInt8(ascii: "+"): text += "%2B"
        default: text.unicodeScalars.append(Unicode.Scalar(byte))
        }
    }
    // Dot segments are resolved by whoever is on the way.
    return text == "." || text == ".." ? "%2E" : text
}

/// Reads `{"data":[…],"has_more":…,"last_id":…}`. Batches that can't be read, of kinds that came
/// later, are left out.
func batchPage(
    _ body: [UInt8], _ batch: (JSONObject) -> ProviderBatch?
) throws(ReplyDefect) -> ProviderBatchPage {
    let page = try replyObject(body)
    guard let data = page["data"]?.array else { throw ReplyDefect("the reply is no list") }
    let hasMore = page["has_more"]?.bool ?? false
    let last = identifier(page["last_id"]) ?? identifier(data.last?["id"])
    return ProviderBatchPage(
        batches: data.compactMap { $0.object.flatMap(batch) }, next: hasMore ? last : nil)
}

/// A line of results: whose it is, and all its members. Nil for an empty line.
func resultObject(
    _ line: [UInt8]
) throws(ReplyDefect) -> (name: String, members: JSONObject)? {
    guard line.contains(where: { $0 > UInt8(ascii: " ") }) else { return nil }
    let members = try replyObject(line)
    guard let name = members["custom_id"]?.string else {
        throw ReplyDefect("a result has no custom_id")
    }
    return (name, members)
}

/// A `multipart/form-data` body (RFC 7578).
struct MultipartForm {
    /// Must be in no part; ids of batches hold 80 random bits.
    let boundary: String

    func request(
        path: String, fields: [(String, String)], fileName: String, file: [UInt8]
    ) -> EncodedRequest {
        var body: [UInt8] = []
        body.reserveCapacity(file.count + 1_024)
        func part(_ disposition: String, _ type: String?) {
            body += "--\(boundary)\r\ncontent-disposition: form-data; \(disposition)\r\n".utf8
            if let type { body += "content-type: \(type)\r\n".utf8 }
            body += "\r\n".utf8
        }
        for (name, value) in fields {
            part("name=\"\(name)\"", nil)
            body += "\(value)\r\n".utf8
        }
        part("name=\"file\"; filename=\"\(fileName)\"", "application/jsonl")
        body += file
        body += "\r\n--\(boundary)--\r\n".utf8
        return EncodedRequest(
            path: path,
            headers: [
                HeaderField("content-type", "multipart/form-data; boundary=\(boundary)")
            ], body: body)
    }
}
