// Classes of bytes in protocol text, which is never read by Character.

func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
}

func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
}

func isAlphanumeric(_ byte: UInt8) -> Bool { isLetter(byte) || isDigit(byte) }

func isHexDigit(_ byte: UInt8) -> Bool {
    isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20)
}

func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

func isQuote(_ byte: UInt8) -> Bool { "\"'`".utf8.contains(byte) }

func isNameByte(_ byte: UInt8) -> Bool { isAlphanumeric(byte) || "-_".utf8.contains(byte) }

func isWordByte(_ byte: UInt8) -> Bool { isAlphanumeric(byte) || "-_.%+@".utf8.contains(byte) }

/// What providers mask of a key (`sk-ab***yz`, `sk-…yz`) belongs to it.
func isKeyByte(_ byte: UInt8) -> Bool {
    isWordByte(byte) || "*/=~".utf8.contains(byte) || byte >= 0x80
}

/// Bytes beyond ASCII count as visible: a word that goes on in another script goes on.
func isVisible(_ byte: UInt8) -> Bool {
    byte > 0x20 && byte != 0x7F && !isQuote(byte) && !"<>".utf8.contains(byte)
}

func isValueByte(_ byte: UInt8) -> Bool { isVisible(byte) && !"&,;(){}".utf8.contains(byte) }
