/// Strings (RFC 8259 section 7): plain bytes, escapes, and UTF-8 that is well formed.
extension Scanner {
    /// Reads the string whose opening quote is at `position`.
    mutating func string(_ bytes: Span<UInt8>) throws(JSONError) {
        let start = position
        var offset = start + 1
        var hasEscapes = false
        while offset < bytes.count {
            let byte = bytes[offset]
            if ASCII.isPlain(byte) {
                offset += 1
            } else if byte == ASCII.quote {
                position = offset + 1
                append(.string, from: start, isMarked: hasEscapes)
                return
            } else if byte == ASCII.backslash {
                hasEscapes = true
                offset = try afterEscape(at: offset, bytes)
            } else {
                guard byte >= ASCII.space else { throw JSONError(.controlCharacter, at: offset) }
                let character = UTF8Sequence(at: offset, in: bytes)
                guard character.isValid else { throw JSONError(.invalidUTF8, at: offset) }
                offset += character.length
            }
        }
        throw JSONError(.unexpectedEnd, at: bytes.count)
    }

    /// Adds the entry of a scalar that ends at `position`.
    @inline(__always)
    mutating func append(_ kind: JSONValue.Kind, from start: Int, isMarked: Bool) {
        let next = UInt32(tape.count + 1)
        tape.append(
            Token(start: UInt32(start), end: UInt32(position), next: next, kind: kind, isMarked: isMarked))
    }

    /// Judges the escape whose backslash is at `offset`; the offset after it.
    private func afterEscape(at offset: Int, _ bytes: Span<UInt8>) throws(JSONError) -> Int {
        guard offset + 1 < bytes.count else { throw JSONError(.unexpectedEnd, at: bytes.count) }
        switch bytes[offset + 1] {
        case ASCII.quote, ASCII.backslash, ASCII.slash, UInt8(ascii: "b"), UInt8(ascii: "f"), UInt8(ascii: "n"),
            UInt8(ascii: "r"), UInt8(ascii: "t"):
            return offset + 2
        case UInt8(ascii: "u"):
            break
        default:
            throw JSONError(.invalidEscape, at: offset)
        }
        switch try codeUnit(at: offset, bytes) {
        case 0:
            throw JSONError(.nul, at: offset)
        case 0xDC00...0xDFFF:
            throw JSONError(.loneSurrogate, at: offset)
        case 0xD800...0xDBFF:
            let second = offset + 6
            guard second < bytes.count else { throw JSONError(.unexpectedEnd, at: bytes.count) }
            guard bytes[second] == ASCII.backslash else { throw JSONError(.loneSurrogate, at: offset) }
            guard second + 1 < bytes.count else { throw JSONError(.unexpectedEnd, at: bytes.count) }
            guard bytes[second + 1] == UInt8(ascii: "u") else { throw JSONError(.loneSurrogate, at: offset) }
            guard case 0xDC00...0xDFFF = try codeUnit(at: second, bytes) else {
                throw JSONError(.loneSurrogate, at: offset)
            }
            return offset + 12
        default:
            return offset + 6
        }
    }

    /// The number that the four digits of the `\u` at `offset` spell.
    private func codeUnit(at offset: Int, _ bytes: Span<UInt8>) throws(JSONError) -> UInt32 {
        var unit: UInt32 = 0
        for place in offset + 2..<offset + 6 {
            guard place < bytes.count else { throw JSONError(.unexpectedEnd, at: bytes.count) }
            guard let digit = ASCII.hexDigit(bytes[place]) else { throw JSONError(.invalidEscape, at: offset) }
            unit = unit << 4 | digit
        }
        return unit
    }
}
