import Foundation
import Testing

/// The rules of the house that a program can check.
@Suite struct HouseTests {
    @Test func `a module imports only what its room allows`() throws {
        for (module, allowed) in House.imports {
            for file in try House.files(below: "Sources/\(module)") {
                for name in file.imports where !allowed.contains(name) {
                    Issue.record("\(file.path) imports \(name)")
                }
            }
        }
    }

    @Test func `every module has its import list`() throws {
        let folders = try FileManager.default.contentsOfDirectory(
            atPath: House.root.appending(path: "Sources").path)
        let modules = folders.filter { !$0.hasPrefix("C") && !$0.hasPrefix(".") }
        #expect(Set(modules) == Set(House.imports.keys))
    }

    @Test func `a file has at most 300 lines of at most 100 columns`() throws {
        for file in try House.files(below: "Sources") + House.files(below: "Tests")
        where !file.isGenerated {
            if file.lines.count > 300 { Issue.record("\(file.path): \(file.lines.count) lines") }
            for (number, line) in file.lines.enumerated() where line.count > 100 {
                Issue.record("\(file.path):\(number + 1) has \(line.count) columns")
            }
        }
    }

    @Test(arguments: [
        "@unchecked Sendable", "nonisolated(unsafe)", "fatalError(", "try!", " as! ", "TODO",
        "FIXME",
    ])
    func `banned words don't occur`(word: String) throws {
        for file in try House.files(below: "Sources") where !file.isGenerated {
            for (number, line) in file.lines.enumerated() where line.contains(word) {
                Issue.record("\(file.path):\(number + 1) has \(word)")
            }
        }
    }

    @Test(arguments: ["WeirCore", "WeirProviders"])
    func `rules and translators never wait`(module: String) throws {
        for file in try House.files(below: "Sources/\(module)") {
            for (number, line) in file.code.enumerated()
            where line.contains(/\b(async|await|Task)\b/) {
                Issue.record("\(file.path):\(number + 1) waits")
            }
        }
    }

    @Test func `only storage knows SQL`() throws {
        for file in try House.files(below: "Sources") where !file.path.contains("/WeirStorage/") {
            for (number, line) in file.code.enumerated()
            where line.contains(/\b(SELECT .* FROM|INSERT INTO|UPDATE .* SET|DELETE FROM)\b/) {
                Issue.record("\(file.path):\(number + 1) has SQL")
            }
        }
    }

    @Test func `the service names no vendor`() throws {
        for file in try House.files(below: "Sources/WeirService") {
            for (number, line) in file.code.enumerated()
            where line.contains(/(?i)(anthropic|openai|gemini|deepseek)/) {
                Issue.record("\(file.path):\(number + 1) names a vendor")
            }
        }
    }

    @Test func `only the executable reads the environment`() throws {
        for file in try House.files(below: "Sources")
        where !file.path.contains("/weir/") && !file.path.contains("/WeirTesting/") {
            for (number, line) in file.code.enumerated()
            where line.contains("ProcessInfo.processInfo.environment") || line.contains("getenv(") {
                Issue.record("\(file.path):\(number + 1) reads the environment")
            }
        }
    }

    @Test func `folders are at most three deep`() throws {
        for file in try House.files(below: "Sources") {
            let depth = file.path.split(separator: "/").drop { $0 != "Sources" }.count - 2
            if depth > 3 { Issue.record("\(file.path) lies \(depth) folders deep") }
        }
    }
}
