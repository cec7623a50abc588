import Foundation

/// The two ways out of a command: results to standard output, everything else to standard error.
enum Console {
    static func result(_ text: String) { write(text, to: .standardOutput) }
    static func notice(_ text: String) { write(text, to: .standardError) }

    /// Ends the process: help goes to standard output, a failure to standard error.
    static func finish(_ text: String, _ status: Int32) -> Never {
        if !text.isEmpty {
            if status == 0 { result(text) } else { notice(text) }
        }
        exit(status)
    }

    /// Text from elsewhere, made harmless for a terminal: no control character survives.
    static func harmless(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            scalars.append(isControl(scalar) ? "\u{FFFD}" : scalar)
        }
        return String(scalars)
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x00..<0x20, 0x7F...0x9F, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: true
        default: false
        }
    }

    private static func write(_ text: String, to handle: FileHandle) {
        // A closed pipe is the reader's decision; nobody is left to be told.
        try? handle.write(contentsOf: Data("\(text)\n".utf8))
    }
}
