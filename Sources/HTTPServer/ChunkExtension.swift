/// Checks the extensions of a chunk size, byte by byte from behind the first semicolon (RFC 9112 section 7.1.1):
/// `name`, `name=value` or `name="value"`, separated by semicolons and without blanks. They mean nothing to us, but a
/// reader that is lax about them finds the end of the line in another place.
struct ChunkExtension {
    private enum State {
        case name(isEmpty: Bool)
        case value(isEmpty: Bool)
        case quoted
        case escaped
        case quotedEnd
    }

    private var state = State.name(isEmpty: true)

    /// Whether the line may end here.
    var mayEnd: Bool {
        switch state {
        case .name(let isEmpty), .value(let isEmpty): !isEmpty
        case .quoted, .escaped: false
        case .quotedEnd: true
        }
    }

    mutating func accept(_ byte: UInt8) -> Bool {
        switch state {
        case .name(let isEmpty):
            if ByteSet.token.contains(byte) {
                state = .name(isEmpty: false)
                return true
            }
            if byte == ASCII.equals, !isEmpty {
                state = .value(isEmpty: true)
                return true
            }
        case .value(let isEmpty):
            if ByteSet.token.contains(byte) {
                state = .value(isEmpty: false)
                return true
            }
            if byte == ASCII.quote, isEmpty {
                state = .quoted
                return true
            }
        case .quoted:
            if byte == ASCII.quote {
                state = .quotedEnd
            } else if byte == ASCII.backslash {
                state = .escaped
            }
            return isText(byte)
        case .escaped:
            state = .quoted
            return isText(byte)
        case .quotedEnd: break
        }
        if byte != ASCII.semicolon || !mayEnd { return false }
        state = .name(isEmpty: true)
        return true
    }

    private func isText(_ byte: UInt8) -> Bool {
        byte == ASCII.tab || (byte >= ASCII.space && byte != ASCII.delete)
    }
}
