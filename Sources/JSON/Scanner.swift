/// Judges a document by the grammar of RFC 8259 in one pass and writes its tape.
///
/// Not recursive: the containers that are open are a chain through their own entries on the tape, so that the depth of
/// a document costs no stack. Strings are in `ScannerStrings.swift`, numbers and literals in `ScannerNumbers.swift`.
struct Scanner {
    let limits: JSONLimits
    var tape: [Token] = []
    /// Offset of the next byte to be judged.
    var position = 0
    private var depth = 0
    private var members = 0
    /// Index of the innermost open container on the tape, or `none`.
    private var container = none
    private var isInObject = false

    private static let none = UInt32.max

    init(limits: JSONLimits) { self.limits = limits }

    /// Judges all of `bytes`; afterwards `tape` describes them.
    mutating func scan(_ bytes: Span<UInt8>) throws(JSONError) {
        guard bytes.count <= limits.documentBytes else { throw JSONError(.tooLarge, at: limits.documentBytes) }
        try refuseByteOrderMark(bytes)
        // Webhook bodies have an entry per 25 bytes or so; a denser document grows the array.
        tape.reserveCapacity(bytes.count / 16 + 4)
        while true {
            guard try value(bytes) else { continue }
            guard try following(bytes) else { return }
        }
    }

    /// Reads a scalar or opens a container. False if a container was opened that is not empty: then its first value is
    /// next.
    private mutating func value(_ bytes: Span<UInt8>) throws(JSONError) -> Bool {
        skipWhitespace(bytes)
        guard position < bytes.count else { throw JSONError(.unexpectedEnd, at: position) }
        switch bytes[position] {
        case ASCII.quote:
            try string(bytes)
        case ASCII.openBrace:
            try open(.object)
            skipWhitespace(bytes)
            guard position < bytes.count, bytes[position] == ASCII.closeBrace else {
                try key(bytes)
                return false
            }
            close()
        case ASCII.openBracket:
            try open(.array)
            skipWhitespace(bytes)
            guard position < bytes.count, bytes[position] == ASCII.closeBracket else {
                try countMember()
                return false
            }
            close()
        case ASCII.minus, ASCII.zero...ASCII.nine:
            try number(bytes)
        case UInt8(ascii: "t"):
            try literal("true", .bool, bytes)
        case UInt8(ascii: "f"):
            try literal("false", .bool, bytes)
        case UInt8(ascii: "n"):
            try literal("null", .null, bytes)
        default:
            throw JSONError(.unexpectedByte, at: position)
        }
        return true
    }

    /// Reads what follows a complete value: ends of containers, and a comma. False at the end of the document, true if
    /// another value is next.
    private mutating func following(_ bytes: Span<UInt8>) throws(JSONError) -> Bool {
        while true {
            skipWhitespace(bytes)
            guard container != Scanner.none else {
                guard position == bytes.count else { throw JSONError(.trailingBytes, at: position) }
                return false
            }
            guard position < bytes.count else { throw JSONError(.unexpectedEnd, at: position) }
            switch (bytes[position], isInObject) {
            case (ASCII.comma, true):
                position += 1
                skipWhitespace(bytes)
                try key(bytes)
                return true
            case (ASCII.comma, false):
                position += 1
                try countMember()
                return true
            case (ASCII.closeBrace, true):
                try refuseDuplicateKeys(bytes)
                close()
            case (ASCII.closeBracket, false):
                close()
            default:
                throw JSONError(.unexpectedByte, at: position)
            }
        }
    }

    /// Reads a member's name and the colon after it.
    private mutating func key(_ bytes: Span<UInt8>) throws(JSONError) {
        guard position < bytes.count else { throw JSONError(.unexpectedEnd, at: position) }
        guard bytes[position] == ASCII.quote else { throw JSONError(.unexpectedByte, at: position) }
        try countMember()
        try string(bytes)
        skipWhitespace(bytes)
        guard position < bytes.count else { throw JSONError(.unexpectedEnd, at: position) }
        guard bytes[position] == ASCII.colon else { throw JSONError(.unexpectedByte, at: position) }
        position += 1
    }

    private mutating func countMember() throws(JSONError) {
        members += 1
        guard members <= limits.members else { throw JSONError(.tooManyMembers, at: position) }
        tape[Int(container)].next += 1
    }

    private mutating func open(_ kind: JSONValue.Kind) throws(JSONError) {
        depth += 1
        guard depth <= limits.depth else { throw JSONError(.tooDeep, at: position) }
        let index = UInt32(tape.count)
        tape.append(Token(start: UInt32(position), end: container, next: 0, kind: kind, isMarked: false))
        container = index
        isInObject = kind == .object
        position += 1
    }

    private mutating func close() {
        position += 1
        depth -= 1
        let index = Int(container)
        container = tape[index].end
        tape[index].end = UInt32(position)
        tape[index].next = UInt32(tape.count)
        isInObject = container != Scanner.none && tape[Int(container)].kind == .object
    }

    private func refuseDuplicateKeys(_ bytes: Span<UInt8>) throws(JSONError) {
        let object = Int(container)
        let keys = KeySet(firstKey: object + 1, count: Int(tape[object].next), ignoringCase: limits.keysIgnoreCase)
        if let duplicate = keys.firstDuplicate(tape: tape.span, bytes: bytes) {
            throw JSONError(.duplicateKey, at: Int(tape[duplicate].start))
        }
    }

    private func refuseByteOrderMark(_ bytes: Span<UInt8>) throws(JSONError) {
        guard bytes.count >= 2 else { return }
        switch (bytes[0], bytes[1]) {
        case (0xFE, 0xFF), (0xFF, 0xFE): throw JSONError(.byteOrderMark, at: 0)
        case (0xEF, 0xBB) where bytes.count >= 3 && bytes[2] == 0xBF: throw JSONError(.byteOrderMark, at: 0)
        default: return
        }
    }

    @inline(__always)
    private mutating func skipWhitespace(_ bytes: Span<UInt8>) {
        while position < bytes.count, ASCII.isWhitespace(bytes[position]) { position += 1 }
    }
}
