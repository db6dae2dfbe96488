/// Writes one JSON text, compact, into an array of bytes. Commas come by themselves.
///
/// What it writes is valid UTF-8 and valid JSON as long as begins and ends match, members stand in objects, and what is
/// passed to `raw` is a JSON value.
package struct JSONWriter: Sendable {
    /// What has been written so far.
    package private(set) var bytes: [UInt8]

    /// Whether a value stands complete before this place in the same container.
    private var needsComma = false

    package init(reservingCapacity capacity: Int = 256) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    /// Writes a part of an object: further members, with a comma before the first if one came before.
    init(continuingAfterMember: Bool) {
        bytes = []
        needsComma = continuingAfterMember
    }

    package mutating func beginObject() {
        separate()
        bytes.append(ASCII.openBrace)
        needsComma = false
    }

    package mutating func endObject() {
        bytes.append(ASCII.closeBrace)
        needsComma = true
    }

    package mutating func beginArray() {
        separate()
        bytes.append(ASCII.openBracket)
        needsComma = false
    }

    package mutating func endArray() {
        bytes.append(ASCII.closeBracket)
        needsComma = true
    }

    /// A member's name; its value comes next.
    package mutating func key(_ name: String) {
        string(name)
        endKey()
    }

    package mutating func key(_ name: StaticString) { key(name.description) }

    package mutating func key(_ name: [UInt8]) {
        string(name)
        endKey()
    }

    /// The name of another document's member, spelled as it is there.
    package mutating func key(_ name: JSONString) {
        raw(name.raw)
        endKey()
    }

    package mutating func integer(_ value: Int64) {
        separate()
        var magnitude = value.magnitude
        var digits = InlineArray<20, UInt8>(repeating: 0)
        var first = 20
        repeat {
            first -= 1
            digits[first] = ASCII.zero + UInt8(magnitude % 10)
            magnitude /= 10
        } while magnitude != 0
        if value < 0 { bytes.append(ASCII.minus) }
        for place in first..<20 { bytes.append(digits[place]) }
    }

    package mutating func bool(_ value: Bool) {
        separate()
        bytes.append(contentsOf: (value ? "true" : "false").utf8)
    }

    package mutating func null() {
        separate()
        bytes.append(contentsOf: "null".utf8)
    }

    /// A value that is JSON already: a slice of a document, or a decimal.
    package mutating func raw(_ value: ArraySlice<UInt8>) {
        precondition(!value.isEmpty, "nothing is not a JSON value")
        separate()
        bytes.append(contentsOf: value)
    }

    package mutating func raw(_ value: [UInt8]) { raw(value[...]) }

    /// A decimal in the spelling of JSON, as `JSONNumber.canonicalDecimal` makes it.
    package mutating func raw(_ value: String) { raw(Array(value.utf8)[...]) }

    /// A comma, unless this is the first thing in its container or the value of a member.
    private mutating func separate() {
        if needsComma { bytes.append(ASCII.comma) }
        needsComma = true
    }

    private mutating func endKey() {
        bytes.append(ASCII.colon)
        needsComma = false
    }
}

extension JSONWriter {
    /// A string of UTF-8 bytes; what is not valid UTF-8 becomes U+FFFD.
    package mutating func string(_ value: [UInt8]) { string(value[...]) }

    package mutating func string(_ value: String) {
        let utf8 = value.utf8.span
        var isPlain = true
        // Text beyond ASCII is valid by the type, so only what must be escaped takes the slow way.
        for offset in 0..<utf8.count { isPlain = isPlain && !JSONWriter.mustEscape(utf8[offset]) }
        guard isPlain else { return string(Array(value.utf8)[...]) }
        separate()
        bytes.append(ASCII.quote)
        bytes.append(contentsOf: value.utf8)
        bytes.append(ASCII.quote)
    }

    package mutating func string(_ value: ArraySlice<UInt8>) {
        separate()
        bytes.append(ASCII.quote)
        let input = value.span
        var written = 0
        var offset = 0
        while offset < input.count {
            let byte = input[offset]
            if ASCII.isPlain(byte) {
                offset += 1
                continue
            }
            if byte >= 0x80 {
                let character = UTF8Sequence(at: offset, in: input)
                if character.isValid {
                    offset += character.length
                    continue
                }
                copy(value, written..<offset)
                bytes.append(contentsOf: JSONWriter.replacement)
                offset += character.length
            } else {
                copy(value, written..<offset)
                escape(byte)
                offset += 1
            }
            written = offset
        }
        copy(value, written..<input.count)
        bytes.append(ASCII.quote)
    }

    private mutating func copy(_ value: ArraySlice<UInt8>, _ range: Range<Int>) {
        bytes.append(contentsOf: value[value.startIndex + range.lowerBound..<value.startIndex + range.upperBound])
    }

    /// U+FFFD in UTF-8.
    private static let replacement: [UInt8] = [0xEF, 0xBF, 0xBD]

    private static func mustEscape(_ byte: UInt8) -> Bool {
        byte < ASCII.space || byte == ASCII.quote || byte == ASCII.backslash
    }

    private mutating func escape(_ byte: UInt8) {
        bytes.append(ASCII.backslash)
        switch byte {
        case 0x08: bytes.append(UInt8(ascii: "b"))
        case 0x0C: bytes.append(UInt8(ascii: "f"))
        case ASCII.lineFeed: bytes.append(UInt8(ascii: "n"))
        case ASCII.carriageReturn: bytes.append(UInt8(ascii: "r"))
        case ASCII.tab: bytes.append(UInt8(ascii: "t"))
        case ASCII.quote, ASCII.backslash: bytes.append(byte)
        default:
            bytes.append(contentsOf: "u00".utf8)
            bytes.append(ASCII.zero + byte >> 4)
            bytes.append(contentsOf: "0123456789abcdef".utf8.dropFirst(Int(byte & 15)).prefix(1))
        }
    }
}
