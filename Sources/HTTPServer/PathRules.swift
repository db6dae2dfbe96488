/// Which paths and queries are accepted: those that every reader understands alike.
enum PathRules {
    /// Judges a path, which is empty or starts with a slash.
    static func allow(_ line: Span<UInt8>, _ range: ByteRange) -> Bool {
        let end = Int(range.end)
        var index = Int(range.start)
        var utf8 = UTF8Check()
        /// Bytes of the current segment, and how many of them are dots, encoded or not.
        var length = 0
        var dots = 0
        while index < end {
            var byte = line[index]
            if byte == ASCII.slash {
                // An empty segment (`//`) or a dot segment has just ended.
                if index > Int(range.start), length == 0 || isDotSegment(length, dots) { return false }
                if !utf8.isComplete { return false }
                length = 0
                dots = 0
                index += 1
                continue
            }
            if byte == ASCII.percent {
                guard let decoded = decode(line, index, end) else { return false }
                byte = decoded
                index += 3
                if byte < 0x20 || byte == ASCII.delete || byte == ASCII.slash || byte == ASCII.backslash {
                    return false
                }
            } else {
                if !ByteSet.path.contains(byte) { return false }
                index += 1
            }
            if !utf8.accept(byte) { return false }
            length += 1
            if byte == ASCII.dot { dots += 1 }
        }
        return utf8.isComplete && !isDotSegment(length, dots)
    }

    /// Judges a query. Encoded NUL is refused, as it means something to C and nothing to us.
    static func allowQuery(_ line: Span<UInt8>, _ range: ByteRange) -> Bool {
        let end = Int(range.end)
        var index = Int(range.start)
        while index < end {
            if line[index] == ASCII.percent {
                guard let decoded = decode(line, index, end), decoded != 0 else { return false }
                index += 3
            } else {
                if !ByteSet.query.contains(line[index]) { return false }
                index += 1
            }
        }
        return true
    }

    private static func isDotSegment(_ length: Int, _ dots: Int) -> Bool {
        dots == length && (length == 1 || length == 2)
    }

    /// The byte that `%XX` at `index` stands for; nil if two hexadecimal digits do not follow.
    static func decode(_ line: Span<UInt8>, _ index: Int, _ end: Int) -> UInt8? {
        guard index + 2 < end, let high = ASCII.hexValue(line[index + 1]), let low = ASCII.hexValue(line[index + 2])
        else { return nil }
        return high << 4 | low
    }
}

/// Checks bytes one by one for being UTF-8 (RFC 3629 section 4): no overlong forms, no surrogates, nothing over
/// U+10FFFF.
struct UTF8Check {
    private var missing = 0
    private var lowest: UInt8 = 0x80
    private var highest: UInt8 = 0xBF

    /// Whether no character has been left unfinished.
    var isComplete: Bool { missing == 0 }

    mutating func accept(_ byte: UInt8) -> Bool {
        if missing > 0 {
            if byte < lowest || byte > highest { return false }
            missing -= 1
            (lowest, highest) = (0x80, 0xBF)
            return true
        }
        switch byte {
        case 0x00...0x7F: return true
        case 0xC2...0xDF: missing = 1
        case 0xE0: (missing, lowest) = (2, 0xA0)
        case 0xED: (missing, highest) = (2, 0x9F)
        case 0xE1...0xEF: missing = 2
        case 0xF0: (missing, lowest) = (3, 0x90)
        case 0xF1...0xF3: missing = 3
        case 0xF4: (missing, highest) = (3, 0x8F)
        default: return false
        }
        return true
    }
}
