import Foundation

/// Reads files that are small by nature, and says in an operator's words why one can't be read.
enum SmallFile {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// The file's text. Refuses what is no regular file, over the limit, or not UTF-8.
    static func text(_ path: String, limit: Int) throws(Failure) -> String {
        guard let text = String(validating: try bytes(path, limit: limit), as: UTF8.self) else {
            throw Failure(description: "\(path) is not UTF-8")
        }
        return text
    }

    static func bytes(_ path: String, limit: Int) throws(Failure) -> [UInt8] {
        let data: Data
        do {
            let handle = try FileHandle(forReadingFrom: URL(filePath: path))
            // Closed by deinit too; a failure to close a file that was only read changes nothing.
            defer { try? handle.close() }
            data = try handle.read(upToCount: limit + 1) ?? Data()
        } catch {
            throw Failure(description: "\(path) can't be read: \(reason(error))")
        }
        guard data.count <= limit else {
            throw Failure(description: "\(path) has more than \(ByteSize.text(limit))")
        }
        return Array(data)
    }

    static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    private static func reason(_ error: any Error) -> String {
        let code = (error as NSError).domain == NSCocoaErrorDomain ? (error as NSError).code : -1
        switch CocoaError.Code(rawValue: code) {
        case .fileNoSuchFile, .fileReadNoSuchFile: return "there is no such file"
        case .fileReadNoPermission: return "permission denied"
        default: return error.localizedDescription
        }
    }
}
