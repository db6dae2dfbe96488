/// One character of more than one byte, judged by Table 3-7 of the Unicode standard: no overlong form, no surrogate,
/// nothing above U+10FFFF.
struct UTF8Sequence {
    /// Bytes to step over. For an invalid sequence: its longest valid beginning, at least 1, which is what one U+FFFD
    /// stands for.
    let length: Int
    let isValid: Bool

    /// Judges the bytes from `offset`, where there is at least one, and it is not ASCII.
    init(at offset: Int, in bytes: Span<UInt8>) {
        let first = bytes[offset]
        let expected: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch first {
        case 0xC2...0xDF: expected = 2
        case 0xE0: (expected, second) = (3, 0xA0...0xBF)
        case 0xED: (expected, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: expected = 3
        case 0xF0: (expected, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: expected = 4
        case 0xF4: (expected, second) = (4, 0x80...0x8F)
        default:
            (length, isValid) = (1, false)
            return
        }
        var seen = 1
        while seen < expected, offset + seen < bytes.count {
            let next = bytes[offset + seen]
            guard seen == 1 ? second.contains(next) : next & 0xC0 == 0x80 else { break }
            seen += 1
        }
        (length, isValid) = (seen, seen == expected)
    }
}
