import WeirCore

extension ChatTally {
    /// Something that a provider may fetch, or base64 in a data URL; nil where it is neither.
    mutating func media(_ url: String) -> ChatMedia? {
        let bytes = url.utf8
        if bytes.starts(with: "https://".utf8) || bytes.starts(with: "http://".utf8) {
            return ChatMedia(source: .url(url))
        }
        guard bytes.starts(with: "data:".utf8), let comma = bytes.firstIndex(of: 0x2C) else {
            return nil
        }
        let head = bytes[bytes.index(bytes.startIndex, offsetBy: 5)..<comma]
        let marks = head.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false)
        guard let type = marks.first, marks.count > 1,
            marks.last?.elementsEqual("base64".utf8) == true,
            type.count <= 127, type.allSatisfy(isMediaTypeByte),
            var media = bareBase64(String(url[bytes.index(after: comma)...]))
        else { return nil }
        let name = String(decoding: type, as: UTF8.self).lowercased()
        media.mediaType = name.isEmpty ? nil : name
        return media
    }

    /// Nil where it is none: whoever can hide prose in base64 is read for more than he pays.
    mutating func bareBase64(_ data: String) -> ChatMedia? {
        guard !data.isEmpty, data.utf8.allSatisfy(isBase64Byte) else { return nil }
        mediaBytes += Int64(data.utf8.count)
        return ChatMedia(source: .base64(data))
    }
}

extension ChatMedia {
    /// Whether its media type is known and begins like this.
    func isOf(_ family: String) -> Bool {
        mediaType.map { $0.utf8.starts(with: family.utf8) } ?? false
    }
}

private func isBase64Byte(_ byte: UInt8) -> Bool {
    isAlphanumeric(byte) || "+/=-_\r\n".utf8.contains(byte)
}

private func isMediaTypeByte(_ byte: UInt8) -> Bool {
    isAlphanumeric(byte) || "/.+-_".utf8.contains(byte)
}
