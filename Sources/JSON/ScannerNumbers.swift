/// Numbers (RFC 8259 section 6) and the three literals (section 3).
extension Scanner {
    /// Reads the number that starts at `position` with a minus or a digit.
    mutating func number(_ bytes: Span<UInt8>) throws(JSONError) {
        let start = position
        // One byte past the limit is enough to know: a number of a million digits is not read to its end.
        let stop = min(bytes.count, start + limits.numberBytes + 1)
        if bytes[position] == ASCII.minus { position += 1 }
        if position < stop, bytes[position] == ASCII.zero {
            position += 1
        } else {
            try digits(bytes, stop: stop)
        }
        var isInteger = true
        if position < stop, bytes[position] == ASCII.point {
            isInteger = false
            position += 1
            try digits(bytes, stop: stop)
        }
        if position < stop, bytes[position] | 0x20 == UInt8(ascii: "e") {
            isInteger = false
            position += 1
            if position < stop, bytes[position] == ASCII.plus || bytes[position] == ASCII.minus { position += 1 }
            try digits(bytes, stop: stop)
        }
        guard position - start <= limits.numberBytes else { throw JSONError(.numberTooLong, at: start) }
        append(.number, from: start, isMarked: isInteger)
    }

    /// Reads one or more digits.
    @inline(__always)
    private mutating func digits(_ bytes: Span<UInt8>, stop: Int) throws(JSONError) {
        let start = position
        while position < stop, ASCII.isDigit(bytes[position]) { position += 1 }
        guard position == start else { return }
        guard position < bytes.count else { throw JSONError(.unexpectedEnd, at: position) }
        throw JSONError(position == stop ? .numberTooLong : .invalidNumber, at: position)
    }

    /// Reads one of the words JSON knows.
    mutating func literal(_ word: String, _ kind: JSONValue.Kind, _ bytes: Span<UInt8>) throws(JSONError) {
        let start = position
        for letter in word.utf8 {
            guard position < bytes.count else { throw JSONError(.unexpectedEnd, at: position) }
            guard bytes[position] == letter else { throw JSONError(.unexpectedByte, at: position) }
            position += 1
        }
        append(kind, from: start, isMarked: false)
    }
}
