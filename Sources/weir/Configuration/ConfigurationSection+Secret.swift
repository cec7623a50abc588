import Foundation

extension ConfigurationSection {
    /// A secret: `${NAME}`, `file:/path`, or, with a warning, the secret itself.
    func secret(_ name: String) -> Secret? {
        guard let scalar = scalar(name) else { return nil }
        if scalar.text.utf8.starts(with: "file:".utf8) {
            return secretFile(String(scalar.text.dropFirst(5)), name, scalar.source)
        }
        if !scalar.isReference {
            warn(name, "a secret in plain text; use ${NAME} or file:/path")
        }
        return checked(scalar.text, name, scalar.source)
    }

    private func secretFile(
        _ path: String, _ name: String, _ source: ConfigurationMistake.Source
    ) -> Secret? {
        guard path.utf8.first == UInt8(ascii: "/") else {
            mistake(name, source, "file: must be followed by an absolute path")
            return nil
        }
        let contents: String
        do {
            contents = try SmallFile.text(path, limit: 64 << 10)
        } catch {
            mistake(name, source, error.description)
            return nil
        }
        var bytes = Array(contents.utf8)
        // Editors and `echo` end a file with a line break, which is no part of the secret.
        while let last = bytes.last, last == UInt8(ascii: "\n") || last == UInt8(ascii: "\r") {
            bytes.removeLast()
        }
        return checked(String(decoding: bytes, as: UTF8.self), name, source)
    }

    /// A secret goes into a header: visible ASCII, and not too long for one.
    private func checked(
        _ text: String, _ name: String, _ source: ConfigurationMistake.Source
    ) -> Secret? {
        guard (1...4_096).contains(text.utf8.count) else {
            mistake(name, source, "a secret must have 1 to 4096 bytes")
            return nil
        }
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            mistake(name, source, "a secret must be visible ASCII without blanks")
            return nil
        }
        return Secret(text)
    }
}
