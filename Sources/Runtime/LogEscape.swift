/// Escapes any bytes into the inside of a JSON string that is also safe to show at a terminal.
enum LogEscape {
    /// Appends `text` and returns true, or stops before it takes more than `limit` bytes and returns false.
    ///
    /// Escaped: quote, backslash, C0 and C1 controls, line separators and direction marks. A byte that is not UTF-8
    /// becomes U+FFFD.
    static func append(_ text: [UInt8], to line: inout [UInt8], atMost limit: Int) -> Bool {
        let end = line.count + limit
        var index = 0
        while index < text.count {
            let byte = text[index]
            if byte < 0x80 {
                if end - line.count < size(byte) { return false }
                appendASCII(byte, to: &line)
                index += 1
                continue
            }
            if end - line.count < 6 { return false }
            let (scalar, length) = scalar(in: text, at: index)
            if isHidden(scalar) {
                appendEscape(scalar, to: &line)
            } else {
                line += text[index..<(index + length)]
            }
            index += length
        }
        return true
    }

    private static func size(_ byte: UInt8) -> Int {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"): 2
        case 0x20..<0x7f: 1
        default: 6
        }
    }

    private static func appendASCII(_ byte: UInt8, to line: inout [UInt8]) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
            line.append(UInt8(ascii: "\\"))
            line.append(byte)
        case UInt8(ascii: "\n"): line += [UInt8(ascii: "\\"), UInt8(ascii: "n")]
        case UInt8(ascii: "\r"): line += [UInt8(ascii: "\\"), UInt8(ascii: "r")]
        case UInt8(ascii: "\t"): line += [UInt8(ascii: "\\"), UInt8(ascii: "t")]
        case 0x20..<0x7f: line.append(byte)
        default: appendEscape(UInt32(byte), to: &line)
        }
    }

    /// The scalar that starts at `index` and its length in bytes; U+FFFD and 1 if none does (Unicode, table 3-7).
    private static func scalar(in text: [UInt8], at index: Int) -> (scalar: UInt32, length: Int) {
        let bad: (UInt32, Int) = (0xfffd, 1)
        let first = text[index]
        let (length, start, second): (Int, UInt32, ClosedRange<UInt8>)
        switch first {
        case 0xc2...0xdf: (length, start, second) = (2, UInt32(first & 0x1f), 0x80...0xbf)
        case 0xe0: (length, start, second) = (3, 0, 0xa0...0xbf)
        case 0xed: (length, start, second) = (3, 0x0d, 0x80...0x9f)
        case 0xe1...0xef: (length, start, second) = (3, UInt32(first & 0x0f), 0x80...0xbf)
        case 0xf0: (length, start, second) = (4, 0, 0x90...0xbf)
        case 0xf1...0xf3: (length, start, second) = (4, UInt32(first & 0x07), 0x80...0xbf)
        case 0xf4: (length, start, second) = (4, 4, 0x80...0x8f)
        default: return bad
        }
        guard index + length <= text.count, second.contains(text[index + 1]) else { return bad }
        var scalar = start
        for byte in text[(index + 1)..<(index + length)] {
            guard byte & 0xc0 == 0x80 else { return bad }
            scalar = scalar << 6 | UInt32(byte & 0x3f)
        }
        return (scalar, length)
    }

    /// Scalars that move the cursor, end a line or turn the direction of what follows.
    private static func isHidden(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x80...0x9f, 0x061c, 0x200b...0x200f, 0x2028...0x202e, 0x2060...0x206f, 0xfeff, 0xfffd: true
        default: false
        }
    }

    /// `\u00e9`; every hidden scalar has four hexadecimal digits.
    private static func appendEscape(_ scalar: UInt32, to line: inout [UInt8]) {
        line += [UInt8(ascii: "\\"), UInt8(ascii: "u")]
        for shift in [12, 8, 4, 0] as [UInt32] {
            let digit = UInt8(scalar >> shift & 15)
            line.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
    }
}
