import Foundation
import WeirCore

/// The files of the matrix: what clients write (`Requests`, by hand), and what becomes of it
/// (`Golden`, written anew where `WEIR_GOLDEN` is set, to be read before they are committed).
enum MatrixFiles {
    static let isWriting = ProcessInfo.processInfo.environment["WEIR_GOLDEN"] != nil

    /// How a request is written in each wire, by the wire's name; a text in its place says why that
    /// wire has no such request.
    static func requests(_ name: String) throws -> JSON {
        try JSONParser.parse(Array(Data(contentsOf: url("Requests", name))), .request)
    }

    static func golden(_ name: String) throws -> String {
        try String(contentsOf: url("Golden", name), encoding: .utf8)
    }

    static func write(_ text: String, golden name: String) throws {
        try Data(text.utf8).write(to: url("Golden", name))
    }

    /// The names of the files in one folder, without their ending.
    static func names(_ folder: String) throws -> Set<String> {
        let files = try FileManager.default.contentsOfDirectory(
            atPath: root.appending(path: folder).path)
        return Set(files.map { $0.hasSuffix(".json") ? String($0.dropLast(5)) : $0 })
    }

    private static let root = URL(filePath: #filePath).deletingLastPathComponent()

    private static func url(_ folder: String, _ name: String) -> URL {
        root.appending(path: folder).appending(path: "\(name).json")
    }
}

extension JSON {
    /// The value as people read it: what fits stands on one line.
    func indented(_ margin: String = "") -> String {
        let compact = text
        if margin.count + compact.count < 90 { return compact }
        let inner = margin + "  "
        switch self {
        case .array(let elements):
            let lines = elements.map { inner + $0.indented(inner) }
            return "[\n\(lines.joined(separator: ",\n"))\n\(margin)]"
        case .object(let object):
            let lines = object.members.map { member in
                "\(inner)\(JSON.string(member.name).text): \(member.value.indented(inner))"
            }
            return "{\n\(lines.joined(separator: ",\n"))\n\(margin)}"
        default: return compact
        }
    }

    /// Where two values differ, as paths; empty where they are the same.
    func differences(from other: JSON, at path: String = "") -> [String] {
        switch (self, other) {
        case (.object(let left), .object(let right)):
            let names = left.members.map(\.name) + right.members.map(\.name)
            var seen = Set<String>()
            return names.filter { seen.insert($0).inserted }.flatMap { name -> [String] in
                let inner = path.isEmpty ? name : "\(path).\(name)"
                guard let left = left[name], let right = right[name] else { return [inner] }
                return left.differences(from: right, at: inner)
            }
        case (.array(let left), .array(let right)) where left.count == right.count:
            return left.indices.flatMap {
                left[$0].differences(from: right[$0], at: "\(path)[\($0)]")
            }
        default: return self == other ? [] : [path]
        }
    }
}
