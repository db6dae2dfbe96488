/// Walks over the bytes a string stands for, escapes resolved, without allocating.
///
/// Only for strings the scanner accepted: it trusts every escape to be complete.
struct UnescapedBytes {
    private var offset: Int
    private let end: Int
    /// Bytes of an escaped character still to be handed out, the next one lowest.
    private var pending: UInt32 = 0

    /// The string `token`, without its quotes.
    init(_ token: Token) {
        offset = Int(token.start) + 1
        end = Int(token.end) - 1
    }

    /// The next byte, or nil at the end.
    @inline(__always)
    mutating func next(_ bytes: Span<UInt8>) -> UInt8? {
        if pending != 0 {
            // No byte of a character beyond ASCII is zero, and U+0000 is refused: zero means none left.
            defer { pending >>= 8 }
            return UInt8(truncatingIfNeeded: pending)
        }
        guard offset < end else { return nil }
        let byte = bytes[offset]
        guard byte == ASCII.backslash else {
            offset += 1
            return byte
        }
        return escape(bytes)
    }

    private mutating func escape(_ bytes: Span<UInt8>) -> UInt8 {
        let letter = bytes[offset + 1]
        offset += 2
        switch letter {
        case UInt8(ascii: "b"): return 0x08
        case UInt8(ascii: "f"): return 0x0C
        case UInt8(ascii: "n"): return ASCII.lineFeed
        case UInt8(ascii: "r"): return ASCII.carriageReturn
        case UInt8(ascii: "t"): return ASCII.tab
        case UInt8(ascii: "u"): break
        default: return letter
        }
        var scalar = codeUnit(bytes)
        if scalar & 0xFC00 == 0xD800 {
            offset += 2
            scalar = 0x10000 + (scalar & 0x3FF) << 10 + codeUnit(bytes) & 0x3FF
        }
        return encode(scalar)
    }

    private mutating func codeUnit(_ bytes: Span<UInt8>) -> UInt32 {
        var unit: UInt32 = 0
        for place in offset..<offset + 4 { unit = unit << 4 | (ASCII.hexDigit(bytes[place]) ?? 0) }
        offset += 4
        return unit
    }

    /// The first byte of the character in UTF-8; the others become `pending`.
    private mutating func encode(_ scalar: UInt32) -> UInt8 {
        func continuation(_ shift: UInt32) -> UInt32 { 0x80 | (scalar >> shift) & 0x3F }
        switch scalar {
        case 0..<0x80:
            return UInt8(scalar)
        case 0x80..<0x800:
            pending = continuation(0)
            return UInt8(0xC0 | scalar >> 6)
        case 0x800..<0x10000:
            pending = continuation(6) | continuation(0) << 8
            return UInt8(0xE0 | scalar >> 12)
        default:
            pending = continuation(12) | continuation(6) << 8 | continuation(0) << 16
            return UInt8(0xF0 | scalar >> 18)
        }
    }
}
